using Lorta.Tasks;

namespace Glue.Data;

/// <summary>Rows that a model is scored on. Only MNLI has two such sets, so only there does the name matter.</summary>
internal sealed record EvaluationSet(string Name, IReadOnlyList<TextExample> Examples)
{
    /// <summary>The same with the first <paramref name="limit"/> rows after a shuffle that the seed fixes.</summary>
    public EvaluationSet Limit(int limit, int seed) => this with { Examples = Examples.Shuffled(seed).Take(limit).ToArray() };
}

/// <summary>Rows in an order that a seed fixes.</summary>
internal static class ExampleOrder
{
    public static TextExample[] Shuffled(this IEnumerable<TextExample> rows, int seed)
    {
        TextExample[] shuffled = [.. rows];
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }
}
