using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lorta.Tests.Text;

/// <summary>RoBERTa's tokenization as it is defined, with no care for speed: GPT-2's pattern, then merges by rank.</summary>
internal sealed partial class PlainRoberta
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<(string, string), int> _ranks = [];
    private readonly char[] _byteCharacters = new char[256];

    public PlainRoberta(string folder)
    {
        _vocabulary = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(folder, "vocab.json")))!;
        foreach (string line in File.ReadLines(Path.Combine(folder, "merges.txt")).Where(line => !line.StartsWith("#version", StringComparison.Ordinal)))
        {
            string[] pair = line.Split(' ');
            _ranks.TryAdd((pair[0], pair[1]), _ranks.Count);
        }

        // Bytes that are printable in Latin-1 stand for themselves, the others for the characters from U+0100.
        int next = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= 0xa1 and <= 0xac) or (>= 0xae and <= 0xff);
            _byteCharacters[b] = (char)(printable ? b : next++);
        }
    }

    public List<int> Encode(string text) => [.. Words(text).SelectMany(Merge).Select(token => _vocabulary[token])];

    /// <summary>Runs the real pattern over a text in which each code point is one UTF-16 unit of the same class.</summary>
    private static IEnumerable<string> Words(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        string classes = string.Concat(runes.Select(rune => rune.IsAscii ? (char)rune.Value : ClassOf(rune)));
        return Pattern().Matches(classes).Select(match =>
            string.Concat(runes.Skip(match.Index).Take(match.Length).Select(rune => rune.ToString())));
    }

    private static char ClassOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        _ when Rune.IsWhiteSpace(rune) => '\u3000',
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => 'é',
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '²',
        _ => '☃',
    };

    private List<string> Merge(string word)
    {
        List<string> tokens = [.. Encoding.UTF8.GetBytes(word).Select(b => _byteCharacters[b].ToString())];
        while (true)
        {
            (string, string)[] known = [.. tokens.Zip(tokens.Skip(1)).Where(_ranks.ContainsKey)];
            if (known.Length == 0)
            {
                return tokens;
            }

            (string left, string right) = known.MinBy(pair => _ranks[pair]);
            List<string> merged = [];
            for (int i = 0; i < tokens.Count; i++)
            {
                bool here = i + 1 < tokens.Count && tokens[i] == left && tokens[i + 1] == right;
                merged.Add(here ? left + right : tokens[i]);
                i += here ? 1 : 0;
            }

            tokens = merged;
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pattern();
}
