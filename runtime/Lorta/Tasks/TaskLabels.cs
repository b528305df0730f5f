namespace Lorta.Tasks;

/// <summary>What a task predicts: one of several classes, or a number.</summary>
public sealed record TaskLabels
{
    private TaskLabels(IReadOnlyList<string> names, bool isRegression) => (Names, IsRegression) = (names, isRegression);

    /// <summary>A number.</summary>
    public static TaskLabels Regression { get; } = new(["LABEL_0"], true);

    /// <summary>The names in the order of the logits; one for a regression.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether a number is predicted.</summary>
    public bool IsRegression { get; }

    /// <summary>Number of logits of a row.</summary>
    public int Count => Names.Count;

    /// <summary>One of several classes.</summary>
    /// <param name="names">Their names, at least two, each once; a label is an index into them.</param>
    /// <returns>The labels.</returns>
    /// <exception cref="ArgumentException">There are fewer than two names, or one stands twice.</exception>
    public static TaskLabels Classes(IReadOnlyList<string> names)
    {
        if (names.Count < 2)
        {
            throw new ArgumentException($"A classification needs at least two classes, and has {names.Count}.", nameof(names));
        }

        return names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } repeated
            ? throw new ArgumentException($"The class '{repeated.Key}' is named twice.", nameof(names))
            : new TaskLabels([.. names], false);
    }
}
