using Lorta.Training;
using Spectre.Console;

namespace Glue.Output;

/// <summary>Shows a training on the console's error stream: a moving bar on a terminal, plain lines elsewhere.</summary>
internal static class TrainingDisplay
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(30);

    private static readonly IAnsiConsole Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) });

    /// <summary>Runs a training and shows it.</summary>
    /// <param name="title">What is trained; null to show nothing.</param>
    /// <param name="log">Hears of the training too; null for none.</param>
    /// <param name="train">The training.</param>
    /// <returns>What the training gives.</returns>
    public static T Show<T>(string? title, IProgress<TrainingProgress>? log, Func<IProgress<TrainingProgress>?, T> train) =>
        log is null ? Show(title, train) : Show(title, shown => train(new Both(shown, log)));

    /// <inheritdoc cref="Show{T}(string?, IProgress{TrainingProgress}?, Func{IProgress{TrainingProgress}?, T})"/>
    public static T Show<T>(string? title, Func<IProgress<TrainingProgress>?, T> train)
    {
        if (title is null)
        {
            return train(null);
        }

        return System.Console.IsErrorRedirected || !Console.Profile.Capabilities.Interactive
            ? train(new Lines(title))
            : Console.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
                .Start(context => train(new Bar(title, context)));
    }

    /// <summary>Metrics in one line.</summary>
    public static string Text(IReadOnlyDictionary<string, double> metrics) =>
        string.Join(", ", metrics.Select(metric => $"{metric.Key} {metric.Value:F4}"));

    private static string Pace(TrainingProgress progress) =>
        $"{progress.ExamplesPerSecond:F0} rows/s, {(int)progress.TimeLeft.TotalHours}:{progress.TimeLeft:mm\\:ss} left";

    private static string Epoch(EpochRecord epoch, int epochs) =>
        $"epoch {epoch.Epoch}/{epochs}: loss {epoch.Loss:F4}" + (epoch.Metrics.Count > 0 ? $", {Text(epoch.Metrics)}" : "");

    private sealed class Both(IProgress<TrainingProgress>? shown, IProgress<TrainingProgress> log) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            shown?.Report(value);
            log.Report(value);
        }
    }

    private sealed class Lines(string title) : IProgress<TrainingProgress>
    {
        private DateTime _next = DateTime.UtcNow + BetweenLines;

        public void Report(TrainingProgress value)
        {
            if (value.FinishedEpoch is { } finished)
            {
                Write($"{Epoch(finished, value.Epochs)} ({Pace(value)})");
            }
            else if (DateTime.UtcNow >= _next)
            {
                Write($"step {value.Step}/{value.TotalSteps}: loss {value.Loss:F4} ({Pace(value)})");
            }
        }

        private void Write(string line)
        {
            System.Console.Error.WriteLine($"{title}: {line}");
            _next = DateTime.UtcNow + BetweenLines;
        }
    }

    private sealed class Bar(string title, ProgressContext context) : IProgress<TrainingProgress>
    {
        private readonly ProgressTask _task = context.AddTask(Markup.Escape(title));

        public void Report(TrainingProgress value)
        {
            _task.MaxValue = value.TotalSteps;
            _task.Value = value.Step;
            _task.Description = Markup.Escape($"{title}: epoch {value.Epoch}/{value.Epochs}, loss {value.Loss:F4}, {Pace(value)}");
            if (value.FinishedEpoch is { } finished)
            {
                Console.WriteLine($"{title}: {Epoch(finished, value.Epochs)}");
            }
        }
    }
}
