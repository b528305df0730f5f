namespace Serving;

/// <summary>What a model says of a text: the columns that it adds.</summary>
/// <param name="Label">The predicted class; null in a regression.</param>
/// <param name="Scores">The probability of each class by its name; of a regression, the value as <c>Score</c>.</param>
internal sealed record Prediction(string? Label, IReadOnlyDictionary<string, float> Scores);
