using System.Text.Json;
using System.Text.Json.Serialization;
using Glue.Tasks;
using Lorta.Checkpoints;
using Lorta.Training;

namespace Glue.Output;

/// <summary>What a training or an evaluation came to, as <c>--json</c> writes it.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Method">The method's name.</param>
/// <param name="Rank">The adapter's rank; null without one.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Parameters">How many numbers are trained, the head's included.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Epochs">Every epoch; for an evaluation none.</param>
/// <param name="Best">The epoch whose parameters were kept, or what was evaluated.</param>
internal sealed record RunReport(
    string Task, string Method, int? Rank, int Seed, long Parameters, double Seconds, IReadOnlyList<EpochReport> Epochs, EpochReport? Best)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Writes the report to a file, whole or not at all.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public void Write(string path)
    {
        string text = JsonSerializer.Serialize(this, Json) + "\n";
        if (Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal))
        {
            // A device such as /dev/stdout is written to as it stands: a new file must not take its place.
            using var device = new StreamWriter(new FileStream(path, FileMode.Open, FileAccess.Write));
            device.Write(text);
        }
        else
        {
            AtomicFile.WriteText(path, text);
        }
    }
}

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Loss">The mean loss; null where nothing was trained.</param>
/// <param name="Metrics">The scores by name.</param>
internal sealed record EpochReport(int Epoch, double? Loss, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>An epoch with the task's own scores.</summary>
    public static EpochReport Of(EpochRecord epoch, TextTask task) => new(epoch.Epoch, epoch.Loss, task.OwnScores(epoch.Metrics));
}
