namespace Serving;

/// <summary>What a client asks about: a row of the model's input, whose columns are <c>Text</c> and, for pairs, <c>Second</c>.</summary>
internal sealed class TextRequest
{
    public string? Text { get; set; }

    public string? Second { get; set; }
}
