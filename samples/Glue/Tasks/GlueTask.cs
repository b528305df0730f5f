using Glue.Data;
using Lorta.Tasks;

namespace Glue.Tasks;

/// <summary>A task of the GLUE benchmark: what it asks, and how its official files are laid out.</summary>
/// <param name="Task">What it asks.</param>
/// <param name="Text">The column of the sentence, or of the first of a pair.</param>
/// <param name="Pair">The column of the second sentence.</param>
/// <param name="Label">The column of the class or score.</param>
/// <param name="HasBrokenRows">Whether the official files hold rows cut short, to be left out.</param>
internal sealed record GlueTask(TextTask Task, Column Text, Column? Pair, Column Label, bool HasBrokenRows = false)
{
    private static readonly TaskLabel[] Entailment = [new("entailment", "entailment"), new("not_entailment", "not_entailment")];
    private static readonly Metric[] Accuracy = [Metric.Accuracy];
    private static readonly Metric[] AccuracyAndF1 = [Metric.Accuracy, Metric.F1];

    /// <summary>All nine, as https://gluebenchmark.com/tasks hands them out.</summary>
    public static IReadOnlyList<GlueTask> All { get; } =
    [
        new(new("cola", false, Numbered("unacceptable", "acceptable"), [Metric.Matthews, Metric.Accuracy]),
            Column.At(3, "sentence"), null, Column.At(1, "label")),
        new(new("sst-2", false, Numbered("negative", "positive"), Accuracy),
            Column.Named("sentence"), null, Column.Named("label")),
        new(new("mrpc", true, Numbered("not_equivalent", "equivalent"), AccuracyAndF1),
            Column.Named("#1 String"), Column.Named("#2 String"), Column.Named("Quality")),
        new(new("sts-b", true, [], [Metric.Pearson, Metric.Spearman], 0, 5),
            Column.Named("sentence1"), Column.Named("sentence2"), Column.Named("score")),
        new(new("qqp", true, Numbered("not_duplicate", "duplicate"), AccuracyAndF1),
            Column.Named("question1"), Column.Named("question2"), Column.Named("is_duplicate"), HasBrokenRows: true),
        new(new("mnli", true, [new("entailment", "entailment"), new("neutral", "neutral"), new("contradiction", "contradiction")], Accuracy),
            Column.Named("sentence1"), Column.Named("sentence2"), Column.Named("gold_label")),
        new(new("qnli", true, Entailment, Accuracy),
            Column.Named("question"), Column.Named("sentence"), Column.Named("label")),
        new(new("rte", true, Entailment, Accuracy),
            Column.Named("sentence1"), Column.Named("sentence2"), Column.Named("label")),
        new(new("wnli", true, Numbered("not_entailment", "entailment"), Accuracy),
            Column.Named("sentence1"), Column.Named("sentence2"), Column.Named("label")),
    ];

    /// <exception cref="InputException">No task of GLUE has that name.</exception>
    public static GlueTask Find(string name) =>
        All.FirstOrDefault(task => task.Task.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InputException($"--task {name}: no such task; use one of {string.Join(", ", All.Select(task => task.Task.Name))}.");

    /// <summary>The folder of a task's files among those of others: of the task's name, in any case.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static string Folder(string root, GlueTask task) =>
        (Directory.Exists(root) ? Directory.EnumerateDirectories(root) : [])
            .FirstOrDefault(folder => Path.GetFileName(folder).Equals(task.Task.Name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InputException($"{root} has no folder {task.Task.Name}: give the folder that holds the tasks' folders.");

    /// <summary>Reads <c>train.tsv</c> of a task's folder.</summary>
    public IReadOnlyList<TextExample> ReadTrain(string folder) => Read(Path.Combine(folder, "train.tsv"));

    /// <summary>Reads <c>dev.tsv</c> of a task's folder; for MNLI <c>dev_matched.tsv</c> and <c>dev_mismatched.tsv</c>.</summary>
    public IReadOnlyList<EvaluationSet> ReadDev(string folder) => Task.Name == "mnli"
        ?
        [
            new("matched", Read(Path.Combine(folder, "dev_matched.tsv"))),
            new("mismatched", Read(Path.Combine(folder, "dev_mismatched.tsv"))),
        ]
        : [new("dev", Read(Path.Combine(folder, "dev.tsv")))];

    private List<TextExample> Read(string path)
    {
        var format = new TableFormat('\t', Quoted: false, HasHeader: Label.Position is null, SkipsShortRows: HasBrokenRows);
        return ExampleReader.Read(path, format, Text, Pair, Label, Task);
    }

    private static TaskLabel[] Numbered(params string[] names) => [.. names.Select((name, index) => new TaskLabel(index.ToString(), name))];
}
