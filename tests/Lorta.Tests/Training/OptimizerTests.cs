using Lorta.Training;

namespace Lorta.Tests.Training;

/// <summary>What the steps of a run do to the parameters, against AdamW written down in double precision.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class OptimizerTests
{
    private static readonly TrainingOptions Options = new()
    {
        Epochs = 4,
        Schedule = new LearningRateSchedule(ScheduleShape.Linear, 0.2),
        Beta1 = 0.8,
        Beta2 = 0.95,
        Epsilon = 1e-3,
    };

    private static readonly BatchOrder Order = BatchOrder.Fixed([[0, 1, 2, 3, 4], [5, 6, 7], [8, 9, 10, 11]]);

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, 2)]
    [InlineData(0.7, null)]
    [InlineData(0.7, 3)]
    [InlineData(1000.0, 1)]
    public void StepsAreAdamWs(double? maxNorm, int? microBatchSize)
    {
        using var task = new LinearRegression();
        TrainingOptions options = Options with { MaxGradientNorm = maxNorm, MicroBatchSize = microBatchSize };
        var losses = new Losses();

        new Trainer(options, task.Groups(0.05, 0.3, 0.1), Order, task.Loss) { Progress = losses }.Run(TestContext.Current.CancellationToken);

        (double[] parameters, double[] expectedLosses) = Expected(task, options, [0.05, 0.05, 0.05, 0.1], [0.3, 0.3, 0.3, 0]);
        Assert.Equal(parameters[..LinearRegression.Width], task.Weight, Near);
        Assert.Equal(parameters[^1], task.Bias, 1e-12);
        Assert.Equal(expectedLosses, losses.Values, Near);
    }

    [Fact]
    public void GradientsOfAllRanksSumToThatOfTheWholeBatch()
    {
        using var whole = new LinearRegression();
        double[] expected = FirstGradient(whole, Options);

        foreach (int world in new[] { 2, 3, 7 })
        {
            var sum = new double[expected.Length];
            for (int rank = 0; rank < world; rank++)
            {
                using var task = new LinearRegression();
                double[] gradient = FirstGradient(task, Options with { World = world, Rank = rank, MicroBatchSize = 2 });
                sum = [.. sum.Zip(gradient, (a, b) => a + b)];
            }

            Assert.Equal(expected, sum, Near);
        }
    }

    [Fact]
    public void TheHookSeesTheGradientsBeforeTheyAreClipped()
    {
        using var task = new LinearRegression();

        double[] plain = FirstGradient(task, Options);
        using var again = new LinearRegression();
        double[] clipped = FirstGradient(again, Options with { MaxGradientNorm = 1e-3 });

        Assert.Equal(plain, clipped, Near);
    }

    private static double[] FirstGradient(LinearRegression task, TrainingOptions options)
    {
        double[]? gradient = null;
        var trainer = new Trainer(options, task.Groups(0.05, 0, 0.1), Order, task.Loss)
        {
            BeforeOptimizerStep = step => gradient ??= task.Gradient,
        };
        trainer.Run(TestContext.Current.CancellationToken);
        return gradient!;
    }

    /// <summary>AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", algorithm 2) on numbers.</summary>
    private static (double[] Parameters, double[] Losses) Expected(
        LinearRegression task, TrainingOptions options, double[] rates, double[] decays)
    {
        double[] p = [.. LinearRegression.StartWeight, LinearRegression.StartBias];
        var m = new double[p.Length];
        var v = new double[p.Length];
        int[][] batches = [.. Enumerable.Range(0, options.Epochs).SelectMany(epoch => Order.Batches(0, epoch)).Select(b => b.ToArray())];
        var losses = new List<double>();
        for (int step = 0; step < batches.Length; step++)
        {
            var gradient = new double[p.Length];
            double loss = 0;
            foreach (int row in batches[step])
            {
                double[] x = [.. task.X[row], 1];
                double error = x.Zip(p, (a, b) => a * b).Sum() - task.Y[row];
                loss += error * error / batches[step].Length;
                for (int i = 0; i < p.Length; i++)
                {
                    gradient[i] += 2 * error * x[i] / batches[step].Length;
                }
            }

            losses.Add(loss);
            double norm = Math.Sqrt(gradient.Sum(g => g * g));
            double clip = options.MaxGradientNorm is { } max ? Math.Min(1, max / (norm + 1e-6)) : 1;
            double warmup = Math.Round(options.Schedule.WarmupRatio * batches.Length);
            double factor = step < warmup ? (step + 1) / warmup : (batches.Length - step) / (batches.Length - warmup);
            for (int i = 0; i < p.Length; i++)
            {
                double g = gradient[i] * clip;
                double rate = rates[i] * factor;
                m[i] = options.Beta1 * m[i] + (1 - options.Beta1) * g;
                v[i] = options.Beta2 * v[i] + (1 - options.Beta2) * g * g;
                double mean = m[i] / (1 - Math.Pow(options.Beta1, step + 1));
                double square = v[i] / (1 - Math.Pow(options.Beta2, step + 1));
                p[i] -= rate * decays[i] * p[i] + rate * mean / (Math.Sqrt(square) + options.Epsilon);
            }
        }

        return (p, [.. losses]);
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-12;

    private sealed class Losses : IProgress<TrainingProgress>
    {
        public List<double> Values { get; } = [];

        public void Report(TrainingProgress value)
        {
            if (value.FinishedEpoch is null)
            {
                Values.Add(value.Loss);
            }
        }
    }
}
