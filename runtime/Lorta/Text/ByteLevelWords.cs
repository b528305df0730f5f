using System.Globalization;
using System.Text;

namespace Lorta.Text;

/// <summary>
/// GPT-2's word pattern, <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, by hand:
/// .NET's regular expressions see UTF-16 units where the pattern means code points.
/// </summary>
internal static class ByteLevelWords
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>The length of the first word of a text that is not empty; the words of a text leave nothing out.</summary>
    public static int FirstLength(ReadOnlySpan<char> text)
    {
        if (ContractionLength(text) is > 0 and int contraction)
        {
            return contraction;
        }

        int start = text[0] == ' ' ? 1 : 0;
        if (start < text.Length && KindAt(text, start, out _) is not Kind.Space and var kind)
        {
            return RunEnd(text, start, kind);
        }

        // The last space of several belongs to the word behind it.
        int end = RunEnd(text, 0, Kind.Space);
        return end == text.Length || end == 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text[0] != '\'' || text.Length < 2)
        {
            return 0;
        }

        return text[1] switch
        {
            's' or 't' or 'm' or 'd' => 2,
            'r' or 'v' when text.Length > 2 && text[2] == 'e' => 3,
            'l' when text.Length > 2 && text[2] == 'l' => 3,
            _ => 0,
        };
    }

    private static int RunEnd(ReadOnlySpan<char> text, int start, Kind kind)
    {
        int position = start;
        while (position < text.Length && KindAt(text, position, out int length) == kind)
        {
            position += length;
        }

        return position;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int position, out int length)
    {
        char c = text[position];
        length = 1;
        if (char.IsAscii(c))
        {
            return char.IsAsciiLetter(c) ? Kind.Letter
                : char.IsAsciiDigit(c) ? Kind.Number
                : char.IsWhiteSpace(c) ? Kind.Space
                : Kind.Other;
        }

        if (char.IsWhiteSpace(c))
        {
            return Kind.Space;
        }

        Rune.DecodeFromUtf16(text[position..], out Rune rune, out length);
        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
