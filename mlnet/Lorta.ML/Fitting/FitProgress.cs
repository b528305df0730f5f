using Lorta.Training;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Fitting;

/// <summary>Tells ML.NET's log, its progress channel and the user's callback of a run.</summary>
internal sealed class FitProgress : IProgress<TrainingProgress>
{
    private readonly IChannel _channel;
    private readonly IProgress<TrainingProgress>? _callback;
    private TrainingProgress? _last;

    public FitProgress(IChannel channel, IProgressChannel progress, IProgress<TrainingProgress>? callback)
    {
        _channel = channel;
        _callback = callback;
        progress.SetHeader(new ProgressHeader(["Loss"], ["epochs", "steps"]), Fill);
    }

    public void Report(TrainingProgress value)
    {
        _last = value;
        if (value.FinishedEpoch is { } epoch)
        {
            string scores = string.Concat(epoch.Metrics.Select(metric => $", validation {metric.Key} {metric.Value:0.####}"));
            _channel.Info("{0}", $"Epoch {epoch.Epoch} of {value.Epochs}: loss {epoch.Loss:0.####}{scores}");
        }

        _callback?.Report(value);
    }

    private void Fill(IProgressEntry entry)
    {
        if (_last is { } last)
        {
            entry.SetProgress(0, last.Epoch, last.Epochs);
            entry.SetProgress(1, last.Step, last.TotalSteps);
            entry.SetMetric(0, last.Loss);
        }
    }
}
