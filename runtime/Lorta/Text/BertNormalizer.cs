using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lorta.Text;

/// <summary>
/// BERT's cleaning of text, by code points: control characters go, whitespace becomes spaces, ideographs stand alone, accents
/// and case go where the checkpoint wants it. Our own, because that of Microsoft.ML.Tokenizers drops tabs and line breaks.
/// </summary>
/// <param name="Lowercase">Whether to write everything in lower case.</param>
/// <param name="StripAccents">Whether to decompose characters (NFD) and drop the non-spacing marks.</param>
/// <param name="SplitChinese">Whether each CJK ideograph is a word.</param>
internal sealed record BertNormalizer(bool Lowercase, bool StripAccents, bool SplitChinese)
{
    // .NET composes and decomposes only with ICU (or Windows); without it Normalize returns its input.
    private static readonly bool CanDecompose = "é".Normalize(NormalizationForm.FormD).Length == 2;

    /// <summary>The normaliser that the files ask for: <c>tokenizer_config.json</c> first, then <c>tokenizer.json</c>.</summary>
    public static BertNormalizer From(TokenizerConfig config, JsonElement json = default)
    {
        bool? Setting(string name, string jsonName) => config.Switch(name) ?? json.Find(jsonName)?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

        bool lowercase = Setting("do_lower_case", "lowercase") ?? true;
        return new BertNormalizer(
            lowercase,
            Setting("strip_accents", "strip_accents") ?? lowercase,
            Setting("tokenize_chinese_chars", "handle_chinese_chars") ?? true);
    }

    /// <summary>Refuses to work where accents can't be stripped.</summary>
    /// <exception cref="TokenizerException">The program runs without Unicode normalisation.</exception>
    public void RequireUnicode()
    {
        if (StripAccents && !CanDecompose)
        {
            throw new TokenizerException(
                "This tokenizer strips accents, and .NET does not normalise Unicode in invariant globalization mode: set InvariantGlobalization to false (and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT), and install ICU (libicu).");
        }
    }

    /// <summary>Whether a character separates words: whitespace that is not removed as a control character.</summary>
    public static bool IsSpace(char c) => c switch
    {
        ' ' or '\t' or '\n' or '\r' => true,
        < '\u00a0' => false,
        _ => char.IsWhiteSpace(c),
    };

    /// <summary>Whether a code point is a token of its own: ASCII's symbols count as punctuation.</summary>
    public static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)
        : Rune.IsPunctuation(rune);

    /// <summary>The cleaned text; lone surrogates go with the control characters.</summary>
    public string Normalize(ReadOnlySpan<char> text)
    {
        StringBuilder cleaned = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsRemoved(rune))
            {
                continue;
            }

            if (rune.IsBmp && IsSpace((char)rune.Value))
            {
                cleaned.Append(' ');
            }
            else if (SplitChinese && IsIdeograph(rune.Value))
            {
                cleaned.Append(' ').Append(rune).Append(' ');
            }
            else
            {
                cleaned.Append(rune);
            }
        }

        return Fold(cleaned.ToString());
    }

    private string Fold(string text)
    {
        if (Ascii.IsValid(text))
        {
            return Lowercase ? text.ToLowerInvariant() : text;
        }

        StringBuilder folded = new(text.Length);
        foreach (Rune rune in (StripAccents ? Decompose(text) : text).EnumerateRunes())
        {
            if (StripAccents && Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            if (Lowercase && rune.Value == 'İ')
            {
                // The one character whose lower case is two, and which .NET leaves as it is.
                folded.Append("i\u0307");
            }
            else
            {
                folded.Append(Lowercase ? Rune.ToLowerInvariant(rune) : rune);
            }
        }

        return folded.ToString();
    }

    // .NET refuses to normalise the noncharacter U+FFFE, which decomposes to itself and orders nothing around it.
    private static string Decompose(string text) =>
        string.Join('\ufffe', text.Split('\ufffe').Select(part => part.Normalize(NormalizationForm.FormD)));

    private static bool IsRemoved(Rune rune) => rune.Value is not ('\t' or '\n' or '\r')
        && (rune == Rune.ReplacementChar
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    // The CJK ideograph blocks as Hugging Face's Rust code has them (0x2B920 is theirs, BERT's own is 0x2B820); kana and hangul
    // are words like any other.
    private static bool IsIdeograph(int c) => c
        is (>= 0x4E00 and <= 0x9FFF)
        or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF)
        or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x2F800 and <= 0x2FA1F);
}
