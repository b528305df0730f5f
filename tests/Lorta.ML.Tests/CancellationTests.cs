using System.Reflection;
using Lorta.ML.Tests.Data;
using Lorta.Training;
using Microsoft.ML;

namespace Lorta.ML.Tests;

public sealed class CancellationTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly DirectoryInfo _checkpoints = Directory.CreateTempSubdirectory("lorta-runs-");

    public void Dispose() => _checkpoints.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACancelledFitGoesOnToTheSameBits(bool byContext)
    {
        float[] expected = Fit(new MLContext(3), folder: null);

        var cancelled = new MLContext(3);
        using var source = new CancellationTokenSource();
        var steps = new Steps(value =>
        {
            if (value.Step == 5)
            {
                if (byContext)
                {
                    // What ML.NET's own tools call; the run asks for it now and then.
                    typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(cancelled, null);
                    Thread.Sleep(500);
                }
                else
                {
                    source.Cancel();
                }
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Fit(cancelled, _checkpoints.FullName, steps, source));
        Assert.Equal(5, steps.Last!.Step);
        Assert.NotEmpty(_checkpoints.EnumerateFiles());

        var resumed = new Steps(_ => { });
        Assert.Equal(expected, Fit(new MLContext(3), _checkpoints.FullName, resumed));
        Assert.Equal(6, resumed.First!.Step);
    }

    [Fact]
    public void AStateOfAnotherRunIsRefused()
    {
        Fit(new MLContext(3), _checkpoints.FullName);
        var error = Assert.Throws<InvalidOperationException>(() => Fit(new MLContext(4), _checkpoints.FullName));
        Assert.Contains("seed", error.Message, StringComparison.Ordinal);
    }

    private float[] Fit(
        MLContext mlContext, string? folder, IProgress<TrainingProgress>? progress = null, CancellationTokenSource? source = null)
    {
        var options = new LortaFineTuneOptions
        {
            BaseModel = tiny.Folder, MaxLength = 16, Epochs = 3, Rank = 2, BatchSize = 8, CheckpointFolder = folder, Progress = progress,
            CancellationToken = source?.Token ?? default,
        };
        IDataView rows = mlContext.Data.LoadFromEnumerable(Opinion.Rows(24));
        using LortaTransformer model = mlContext.Transforms.LortaFineTune(options).Fit(rows);
        return [.. mlContext.Data.CreateEnumerable<Scores>(model.Transform(rows), reuseRowObject: false).SelectMany(row => row.Score)];
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Steps(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public TrainingProgress? First { get; private set; }

        public TrainingProgress? Last { get; private set; }

        public void Report(TrainingProgress value)
        {
            First ??= value;
            Last = value;
            report(value);
        }
    }
}
