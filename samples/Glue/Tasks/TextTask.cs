using Lorta.Tasks;

namespace Glue.Tasks;

/// <summary>A class of a task: how its files write it, and what to call it.</summary>
internal sealed record TaskLabel(string InFile, string Name);

/// <summary>The scores a task can be judged by. Each is at most 1, and more is better.</summary>
internal enum Metric
{
    Accuracy,
    F1,
    Matthews,
    Pearson,
    Spearman,
}

/// <summary>What a task asks: which class a text or a pair of texts is of, or which score it has.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="IsPair">Whether a row holds two texts.</param>
/// <param name="Labels">The classes in the order of the model's logits; empty in a regression.</param>
/// <param name="Metrics">What it is judged by; the first one picks the best epoch.</param>
/// <param name="MinScore">The lowest score that a regression's row may have; null for any.</param>
/// <param name="MaxScore">The highest; null for any.</param>
internal sealed record TextTask(
    string Name,
    bool IsPair,
    IReadOnlyList<TaskLabel> Labels,
    IReadOnlyList<Metric> Metrics,
    float? MinScore = null,
    float? MaxScore = null)
{
    public bool IsRegression => Labels.Count == 0;

    /// <summary>What a model of the task predicts.</summary>
    public TaskLabels Outputs => IsRegression ? TaskLabels.Regression : TaskLabels.Classes([.. Labels.Select(label => label.Name)]);

    /// <summary>The name of the score that picks the best epoch.</summary>
    public string MainMetric => NameOf(Metrics[0]);

    /// <summary>The task's own of all scores that could be had.</summary>
    public IReadOnlyDictionary<string, double> OwnScores(IReadOnlyDictionary<string, double> scores) =>
        Metrics.ToDictionary(NameOf, metric => scores[NameOf(metric)]);

    private static string NameOf(Metric metric) => metric.ToString().ToLowerInvariant();
}
