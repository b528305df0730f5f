namespace Lorta.Tasks;

/// <summary>A text, or a pair of texts, to classify or to score.</summary>
/// <param name="Text">The text.</param>
/// <param name="Pair">The second text of a pair.</param>
public readonly record struct TextInput(string Text, string? Pair = null);

/// <summary>A labelled row of a data set.</summary>
/// <param name="Input">The text or the pair.</param>
/// <param name="Label">The index of its class, or the value to predict.</param>
public readonly record struct TextExample(TextInput Input, float Label);
