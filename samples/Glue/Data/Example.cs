namespace Glue.Data;

/// <summary>One labelled row.</summary>
/// <param name="Text">The sentence, or the first of a pair.</param>
/// <param name="Pair">The second sentence; null in tasks on single sentences.</param>
/// <param name="Label">The index of the class, or the score in a regression.</param>
internal sealed record Example(string Text, string? Pair, float Label);

/// <summary>Rows that a model is scored on. Only MNLI has two such sets, so only there does the name matter.</summary>
internal sealed record EvaluationSet(string Name, IReadOnlyList<Example> Examples);
