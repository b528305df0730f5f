using System.Globalization;
using System.Text;

namespace Lorta.Tests.Text;

/// <summary>BERT's tokenization as it is defined, over the whole text, one step after the other.</summary>
internal sealed class PlainBert
{
    private readonly Dictionary<string, int> _vocabulary = [];
    private readonly bool _lowercase;
    private readonly bool _stripAccents;
    private readonly bool _splitChinese;

    public PlainBert(string folder, bool lowercase = true, bool stripAccents = true, bool splitChinese = true)
    {
        foreach (string line in File.ReadLines(Path.Combine(folder, "vocab.txt")))
        {
            _vocabulary.Add(line, _vocabulary.Count);
        }

        (_lowercase, _stripAccents, _splitChinese) = (lowercase, stripAccents, splitChinese);
    }

    public List<int> Encode(string text)
    {
        string cleaned = Map(text, rune => IsRemoved(rune) ? "" : Rune.IsWhiteSpace(rune) ? " " : rune.ToString());
        string spread = _splitChinese ? Map(cleaned, rune => IsIdeograph(rune.Value) ? $" {rune} " : rune.ToString()) : cleaned;
        string plain = _stripAccents
            ? Map(Decompose(spread), rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark ? "" : rune.ToString())
            : spread;
        string lower = _lowercase ? Map(plain, rune => rune.Value == 'İ' ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString()) : plain;
        string separated = Map(lower, rune => IsPunctuation(rune) ? $" {rune} " : rune.ToString());
        return [.. separated.Split([' ', '\u2002', '\u2003'], StringSplitOptions.RemoveEmptyEntries).SelectMany(WordPieces)];
    }

    // Around U+FFFE, which .NET refuses to normalise.
    private static string Decompose(string text) =>
        string.Join('\ufffe', text.Split('\ufffe').Select(part => part.Normalize(NormalizationForm.FormD)));

    private static string Map(string text, Func<Rune, string> map) => string.Concat(text.EnumerateRunes().Select(map));

    private static bool IsRemoved(Rune rune) => rune.Value is not ('\t' or '\n' or '\r')
        && (rune.Value is 0 or 0xfffd
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    private static bool IsIdeograph(int c) => c
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private static bool IsPunctuation(Rune rune) => (rune.IsAscii && Rune.IsSymbol(rune)) || Rune.IsPunctuation(rune);

    private List<int> WordPieces(string word)
    {
        int[] unknown = [_vocabulary["[UNK]"]];
        Rune[] runes = [.. word.EnumerateRunes()];
        if (runes.Length > 100)
        {
            return [.. unknown];
        }

        List<int> ids = [];
        int start = 0;
        while (start < runes.Length)
        {
            int end = runes.Length;
            while (end > start && !_vocabulary.ContainsKey(Piece(start, end)))
            {
                end--;
            }

            if (end == start)
            {
                return [.. unknown];
            }

            ids.Add(_vocabulary[Piece(start, end)]);
            start = end;
        }

        return ids;

        string Piece(int from, int to) => (from > 0 ? "##" : "") + string.Concat(runes[from..to].Select(rune => rune.ToString()));
    }
}
