using System.Text.Json;

namespace Lorta.Tests.Text;

/// <summary>Tokenizers of a few tokens, to see one rule at a time.</summary>
internal static class TinyTokenizers
{
    public static readonly string[] BertTokens =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", "##b", "A", "é", "e", "中", "中文", "𐐨", "##𐐨", "i", "##\u0307", "new", "##word"];

    /// <summary>Writes BERT's files; <paramref name="config"/> is what <c>tokenizer_config.json</c> holds.</summary>
    public static void WriteBert(TemporaryFolder folder, object? config = null)
    {
        folder.Write("vocab.txt", string.Join('\n', BertTokens) + "\n");
        folder.Write("tokenizer_config.json", JsonSerializer.Serialize(config ?? new { }));
    }

    /// <summary>Writes RoBERTa's files, with all bytes that ASCII text needs and the merges <c>a b</c> and <c>Ġ ab</c>.</summary>
    public static void WriteRoberta(TemporaryFolder folder, object? config = null)
    {
        IEnumerable<string> ascii = Enumerable.Range('!', '~' - '!' + 1).Select(c => ((char)c).ToString());
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. ascii, "Ġ", "ab", "Ġab", "<mask>"];
        folder.Write("vocab.json", JsonSerializer.Serialize(tokens.Index().ToDictionary(entry => entry.Item, entry => entry.Index)));
        folder.Write("merges.txt", "#version: 0.2\na b\nĠ ab\n");
        folder.Write("tokenizer_config.json", JsonSerializer.Serialize(config ?? new { }));
    }
}
