using Lorta.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Training;

[Collection(GlobalGenerator.Name)]
public sealed class TrainerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-training-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string StateFile => Path.Combine(_folder.FullName, "run.safetensors");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void ASeedMakesARunRepeatExactly()
    {
        (byte[] first, byte[] second, byte[] other) = (Train(11), Train(11), Train(12));

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);

        static byte[] Train(long seed)
        {
            using var task = new TinyTask();
            task.TrainerOf(TinyTask.Options with { Seed = seed }).Run(Cancellation);
            return task.Bytes();
        }
    }

    [Fact]
    public void TheLossFallsAndTheTaskIsLearnt()
    {
        using var task = new TinyTask();

        TrainingResult result = task.TrainerOf(TinyTask.Options with { Epochs = 20 }).Run(Cancellation);

        Assert.Equal(Enumerable.Range(1, 20), result.Epochs.Select(e => e.Epoch));
        Assert.InRange(result.Epochs[^1].Loss, 0, result.Epochs[0].Loss * 0.7);
        Assert.InRange(result.Best!.Metrics["accuracy"], 0.9, 1);
    }

    [Fact]
    public void RanksSplitEveryBatch()
    {
        IReadOnlyList<int>[][] ranks = [.. Enumerable.Range(0, 3).Select(RowsOfEachStep)];

        IReadOnlyList<IReadOnlyList<int>> batches = TinyTask.Order.Batches(TinyTask.Options.Seed, 0);
        for (int step = 0; step < batches.Count; step++)
        {
            Assert.Equal(batches[step].Order(), ranks.SelectMany(rank => rank[step]).Order());
        }

        static IReadOnlyList<int>[] RowsOfEachStep(int rank)
        {
            using var task = new TinyTask();
            var rows = new List<int>();
            var steps = new List<IReadOnlyList<int>>();
            var trainer = new Trainer(TinyTask.Options with { Epochs = 1, Rank = rank, World = 3, BestMetric = null }, task.Groups, TinyTask.Order, part =>
            {
                rows.AddRange(part);
                return task.Loss(part);
            })
            {
                BeforeOptimizerStep = _ =>
                {
                    steps.Add([.. rows]);
                    rows.Clear();
                },
            };
            trainer.Run(Cancellation);
            return [.. steps];
        }
    }

    [Fact]
    public void PartsAreAnnouncedBeforeTheyAreNeeded()
    {
        using var task = new TinyTask();
        var announced = new List<IReadOnlyList<int>>();
        var needed = new List<IReadOnlyList<int>>();
        var trainer = new Trainer(TinyTask.Options with { Epochs = 1, BestMetric = null }, task.Groups, TinyTask.Order, rows =>
        {
            needed.Add(rows);
            Assert.True(rows.Count <= TinyTask.Options.MicroBatchSize);
            Assert.True(needed.Count == 1 || announced.Count >= needed.Count - 1);
            return task.Loss(rows);
        })
        {
            Upcoming = announced.Add,
        };

        trainer.Run(Cancellation);

        Assert.Equal(needed.Skip(1), announced, ReferenceEqualityComparer.Instance);
    }

    [Fact]
    public void BatchesMadeAheadChangeNoNumber()
    {
        using var plain = new TinyTask();
        plain.TrainerOf(TinyTask.Options).Run(Cancellation);

        using var task = new TinyTask();
        using var prefetcher = new BatchPrefetcher<RowBatch>(rows => new RowBatch(rows));
        var trainer = new Trainer(TinyTask.Options, task.Groups, TinyTask.Order, rows =>
        {
            using RowBatch batch = prefetcher.Take(rows);
            return task.Loss(batch.Rows);
        })
        {
            Evaluate = task.Evaluate,
            Upcoming = prefetcher.Start,
        };
        trainer.Run(Cancellation);

        Assert.Equal(plain.Bytes(), task.Bytes());
    }

    [Theory]
    [InlineData(false, new[] { 0.1, 0.4, 0.3, 0.4, 0.2 }, 2)]
    [InlineData(true, new[] { 0.4, double.NaN, 0.2, 0.1, 0.3 }, 4)]
    public void TheModelEndsWithTheBestEpochsParameters(bool lowerIsBetter, double[] scores, int best)
    {
        using var task = new TinyTask();
        var bytes = new List<byte[]>();
        var trainer = new Trainer(
            TinyTask.Options with { Epochs = scores.Length, BestMetric = "score", LowerIsBetter = lowerIsBetter }, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = _ =>
            {
                bytes.Add(task.Bytes());
                return new Dictionary<string, double> { ["score"] = scores[bytes.Count - 1] };
            },
        };

        TrainingResult result = trainer.Run(Cancellation);

        Assert.Equal(best, result.Best!.Epoch);
        Assert.Equal(bytes[best - 1], task.Bytes());
        Assert.NotEqual(bytes[^1], task.Bytes());
        Assert.False(result.StoppedEarly);
    }

    [Fact]
    public void WithoutABestMetricTheModelEndsWithTheLastEpochsParameters()
    {
        using var task = new TinyTask();
        byte[] last = [];
        var trainer = new Trainer(TinyTask.Options with { BestMetric = null }, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = cancellation =>
            {
                last = task.Bytes();
                return task.Evaluate(cancellation);
            },
        };

        TrainingResult result = trainer.Run(Cancellation);

        Assert.Null(result.Best);
        Assert.Equal(last, task.Bytes());
    }

    [Fact]
    public void PatienceEndsTheRun()
    {
        double[] scores = [0.1, 0.3, 0.2, 0.3, 0.9];
        using var task = new TinyTask();
        int evaluations = 0;
        var trainer = new Trainer(TinyTask.Options with { Epochs = 5, BestMetric = "score", Patience = 2 }, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = _ => new Dictionary<string, double> { ["score"] = scores[evaluations++] },
        };

        TrainingResult result = trainer.Run(Cancellation);

        Assert.Equal(4, result.Epochs.Count);
        Assert.Equal(2, result.Best!.Epoch);
        Assert.True(result.StoppedEarly);
    }

    [Fact]
    public void TheCallerEndsTheRunAfterAnEpochAndASecondCallDoesNotGoOn()
    {
        using var task = new TinyTask();
        var asked = new List<int>();
        var trainer = new Trainer(TinyTask.Options with { Epochs = 5, StateFile = StateFile }, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = task.Evaluate,
            StopWhen = epochs =>
            {
                asked.Add(epochs.Count);
                return epochs.Count == 2;
            },
        };

        TrainingResult result = trainer.Run(Cancellation);
        TrainingResult again = trainer.Run(Cancellation);

        Assert.Equal(2, result.Epochs.Count);
        Assert.True(result.StoppedEarly && again.StoppedEarly);
        Assert.Equal(result.Epochs.Select(epoch => epoch.Loss), again.Epochs.Select(epoch => epoch.Loss));
        Assert.Equal([1, 2], asked.Distinct());
    }

    [Theory]
    [InlineData(float.NaN, "NaN", 1)]
    [InlineData(float.PositiveInfinity, "infinite", 4)]
    public void ALossThatIsNotFiniteStopsTheRunAndLeavesTheLastState(float bad, string shown, int reportEvery)
    {
        using var task = new TinyTask();
        using Scalar factor = bad;
        byte[]? state = null;
        int step = 0;
        TrainingOptions options = TinyTask.Options with { StateFile = StateFile, MicroBatchSize = null, ReportEvery = reportEvery };
        var trainer = new Trainer(options, task.Groups, TinyTask.Order, rows =>
        {
            state ??= step == 6 ? File.ReadAllBytes(StateFile) : null;
            return ++step == 7 ? task.Loss(rows).mul(factor) : task.Loss(rows);
        })
        {
            Evaluate = task.Evaluate,
        };

        DivergedException error = Assert.Throws<DivergedException>(() => trainer.Run(Cancellation));

        Assert.Equal(7, error.Step);
        Assert.Contains($"The loss is {shown} at step 7 of 15", error.Message);
        Assert.Contains(StateFile, error.Message);
        Assert.Equal(state, File.ReadAllBytes(StateFile));
    }

    [Fact]
    public void AParameterThatIsNotFiniteIsNeverWritten()
    {
        using var task = new TinyTask();
        TrainingOptions options = TinyTask.Options with { StateFile = StateFile, SaveEvery = 2 };
        var trainer = new Trainer(options, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = task.Evaluate,
            // The loss of this step is finite, the step that its gradient makes is not.
            BeforeOptimizerStep = step =>
            {
                if (step == 3)
                {
                    using Tensor gradient = task.Groups[2].Parameters[0].Parameter.grad!;
                    using Scalar bad = double.NaN;
                    gradient.fill_(bad);
                }
            },
        };

        DivergedException error = Assert.Throws<DivergedException>(() => trainer.Run(Cancellation));

        // The state of step 2 goes on to the end as if nothing had been.
        Assert.Equal(4, error.Step);
        Assert.Contains("weight is no longer finite at step 4 of 15", error.Message);
        using var resumed = new TinyTask();
        int forwards = 0;
        resumed.TrainerOf(TinyTask.Options with { StateFile = StateFile }, rows =>
        {
            forwards++;
            return resumed.Loss(rows);
        }).Run(Cancellation);
        using var plain = new TinyTask();
        plain.TrainerOf(TinyTask.Options).Run(Cancellation);
        Assert.Equal(27 - 4, forwards);
        Assert.Equal(plain.Bytes(), resumed.Bytes());
    }

    [Fact]
    public void ProgressTellsWhereTheRunIs()
    {
        using var task = new TinyTask();
        var reports = new Reports();
        var trainer = new Trainer(TinyTask.Options, task.Groups, TinyTask.Order, task.Loss) { Evaluate = task.Evaluate, Progress = reports };

        TrainingResult result = trainer.Run(Cancellation);

        TrainingProgress[] steps = [.. reports.Values.Where(r => r.FinishedEpoch is null)];
        Assert.Equal(Enumerable.Range(1, 15).Select(s => (long)s), steps.Select(r => r.Step));
        Assert.All(steps, r => Assert.Equal((r.Step - 1) / 5 + 1, r.Epoch));
        Assert.All(steps, r => Assert.Equal((15, 3), (r.TotalSteps, r.Epochs)));
        Assert.All(steps, r => Assert.True(double.IsFinite(r.Loss) && r.ExamplesPerSecond > 0));
        Assert.All(steps, r => Assert.Equal(
            (0.05 * TinyTask.Options.Schedule.Factor(r.Step - 1, 15), 0.02 * TinyTask.Options.Schedule.Factor(r.Step - 1, 15)),
            (r.LearningRates["head"], r.LearningRates["adapter"])));
        Assert.Equal(TimeSpan.Zero, steps[^1].TimeLeft);
        Assert.Equal(result.Epochs, reports.Values.Select(r => r.FinishedEpoch).OfType<EpochRecord>());
        Assert.Equal(steps[..5].Average(r => r.Loss), result.Epochs[0].Loss, 12);
    }

    [Fact]
    public void RareReportsChangeNoNumber()
    {
        (byte[] often, TrainingResult oftenResult) = Train(1);
        (byte[] rarely, TrainingResult rarelyResult) = Train(4);

        Assert.Equal(often, rarely);
        Assert.Equal(oftenResult.Epochs.Select(e => e.Loss), rarelyResult.Epochs.Select(e => e.Loss));

        static (byte[], TrainingResult) Train(int reportEvery)
        {
            using var task = new TinyTask();
            TrainingResult result = task.TrainerOf(TinyTask.Options with { ReportEvery = reportEvery }).Run(Cancellation);
            return (task.Bytes(), result);
        }
    }

    [Fact]
    public void TensorsDoNotGrowWithTheSteps()
    {
        using var task = new TinyTask();
        ThreadDisposeScopeStatistics statistics = DisposeScopeManager.Statistics;
        var live = new List<long>();
        TrainingOptions options = TinyTask.Options with { Epochs = 60, StateFile = StateFile, SaveEvery = 50 };
        var trainer = new Trainer(options, task.Groups, TinyTask.Order, task.Loss)
        {
            Evaluate = task.Evaluate,
            BeforeOptimizerStep = step => live.Add(statistics.ThreadTotalLiveCount),
        };
        long before = statistics.ThreadTotalLiveCount;

        trainer.Run(Cancellation);

        // Past the first epoch, which makes the copy of the best.
        Assert.Equal(300, live.Count);
        Assert.Single(live.Skip(5).Chunk(5).Select(epoch => epoch.Max()).Distinct());
        Assert.Equal(before, statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void OptionsOutOfRangeAreRefusedByName()
    {
        Refuses("Epochs is 0: it must be at least 1.", o => o with { Epochs = 0 });
        Refuses("MicroBatchSize is 0: it must be at least 1.", o => o with { MicroBatchSize = 0 });
        Refuses("Rank is 2: it must be from 0 to 1.", o => o with { Rank = 2, World = 2 });
        Refuses("WarmupRatio is 1.5: it must be from 0 to 1.", o => o with { Schedule = new(ScheduleShape.Linear, 1.5) });
        Refuses("WarmupRatio is NaN: it must be from 0 to 1.", o => o with { Schedule = new(ScheduleShape.Linear, double.NaN) });
        Refuses("MaxGradientNorm is 0: it must be above 0.", o => o with { MaxGradientNorm = 0 });
        Refuses("Patience is 3: it must be unset without BestMetric.", o => o with { Patience = 3, BestMetric = null });
        Refuses("SaveEvery is 3: it must be unset without StateFile.", o => o with { SaveEvery = 3 });

        static void Refuses(string message, Func<TrainingOptions, TrainingOptions> change)
        {
            using var task = new TinyTask();
            Assert.Equal(message, Assert.Throws<TrainingException>(() => task.TrainerOf(change(TinyTask.Options))).Message);
        }
    }

    [Fact]
    public void ASettingWithTheNameOfTheRunsOwnIsRefused()
    {
        using var task = new TinyTask();
        TrainingOptions options = TinyTask.Options with { Settings = new Dictionary<string, string> { ["seed"] = "3" } };

        TrainingException error = Assert.Throws<TrainingException>(() => task.TrainerOf(options).Run(Cancellation));

        Assert.Equal("A run has a setting of its own that is called seed: give the one in Settings another name.", error.Message);
    }

    [Fact]
    public void ParametersThatCannotBeTrainedAreRefusedByName()
    {
        using var task = new TinyTask();
        ParameterGroup head = task.Groups[0];

        Refuses("output.weight", [head, head]);
        Refuses("parameter other", [head, new("copy", [("other", head.Parameters[0].Parameter)], 0.1)]);
        Refuses("head", [head with { LearningRate = -1 }]);
        Refuses("no parameter", []);
        head.Parameters[0].Parameter.requires_grad = false;
        Refuses("frozen", [head]);

        void Refuses(string part, IReadOnlyList<ParameterGroup> groups) => Assert.Contains(
            part, Assert.Throws<TrainingException>(() => new Trainer(TinyTask.Options, groups, TinyTask.Order, task.Loss)).Message);
    }

    [Fact]
    public void ABestMetricThatNobodyGivesIsRefusedByName()
    {
        using var task = new TinyTask();
        TrainingOptions options = TinyTask.Options with { BestMetric = "mattews" };

        var without = new Trainer(options, task.Groups, TinyTask.Order, task.Loss);
        Assert.Equal("BestMetric is mattews: it needs Evaluate.", Assert.Throws<TrainingException>(() => without.Run(Cancellation)).Message);
        TrainingException error = Assert.Throws<TrainingException>(() => task.TrainerOf(options).Run(Cancellation));
        Assert.Equal("The evaluation has no metric \"mattews\" to choose the best epoch by: name one of accuracy.", error.Message);
    }

    private sealed record RowBatch(IReadOnlyList<int> Rows) : IDisposable
    {
        public void Dispose()
        {
        }
    }

    private sealed class Reports : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Values { get; } = [];

        public void Report(TrainingProgress value) => Values.Add(value);
    }
}
