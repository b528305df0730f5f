using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Data;

/// <summary>A table of the user's own: a CSV or TSV file with a header.</summary>
/// <param name="Text">The column of the text.</param>
/// <param name="Pair">The column of a second text, where the task is on pairs.</param>
/// <param name="Label">The column of the class or score.</param>
internal sealed record OwnTable(string Text, string? Pair, string Label)
{
    /// <summary>The task that a table of classes poses: its classes are the values in the label column, in ordinal order.</summary>
    /// <exception cref="InputException">The table can't be read, or has one class only.</exception>
    public TextTask Classes(string path)
    {
        TaskLabel[] labels =
        [
            .. Table.Read(path, TableFormat.Of(path), [Column.Named(Label)]).Select(row => row.Fields[0])
                .Distinct().Order(StringComparer.Ordinal).Select(value => new TaskLabel(value, value)),
        ];
        if (labels.Length < 2)
        {
            throw new InputException($"{path}: every {Label} is \"{labels[0].Name}\"; a classifier needs two classes or more.");
        }

        // F1 is of the second of two classes, and so is not defined for more.
        Metric[] metrics = labels.Length == 2 ? [Metric.Accuracy, Metric.F1] : [Metric.Accuracy];
        return new TextTask(Path.GetFileNameWithoutExtension(path), Pair is not null, labels, metrics);
    }

    /// <summary>The task that a table of scores poses.</summary>
    public TextTask Scores(string path) =>
        new(Path.GetFileNameWithoutExtension(path), Pair is not null, [], [Metric.Pearson, Metric.Spearman]);

    /// <exception cref="InputException">The table can't be read, or a label is none of the task's.</exception>
    public IReadOnlyList<TextExample> Read(string path, TextTask task) =>
        ExampleReader.Read(path, TableFormat.Of(path), Column.Named(Text), Pair is null ? null : Column.Named(Pair), Column.Named(Label), task);
}
