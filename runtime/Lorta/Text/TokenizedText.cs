namespace Lorta.Text;

/// <summary>What a model reads of one text or pair of texts, special tokens included.</summary>
/// <param name="Ids">Token ids, each from 0 to the tokenizer's <see cref="TextTokenizer.VocabularySize"/> - 1.</param>
/// <param name="TypeIds">For each id the segment that it belongs to; as long as <paramref name="Ids"/>.</param>
public readonly record struct TokenizedText(int[] Ids, int[] TypeIds)
{
    /// <summary>The number of tokens.</summary>
    public int Length => Ids.Length;
}
