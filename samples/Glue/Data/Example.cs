namespace Glue.Data;

/// <summary>One labelled row.</summary>
/// <param name="Text">The sentence, or the first of a pair.</param>
/// <param name="Pair">The second sentence; null in tasks on single sentences.</param>
/// <param name="Label">The index of the class, or the score in a regression.</param>
internal sealed record Example(string Text, string? Pair, float Label);

/// <summary>Rows that a model is scored on. Only MNLI has two such sets, so only there does the name matter.</summary>
internal sealed record EvaluationSet(string Name, IReadOnlyList<Example> Examples)
{
    /// <summary>The same with the first <paramref name="limit"/> rows after a shuffle that the seed fixes.</summary>
    public EvaluationSet Limit(int limit, int seed) => this with { Examples = Examples.Shuffled(seed).Take(limit).ToArray() };
}

/// <summary>Rows in an order that a seed fixes.</summary>
internal static class ExampleOrder
{
    public static Example[] Shuffled(this IEnumerable<Example> rows, int seed)
    {
        Example[] shuffled = [.. rows];
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }
}
