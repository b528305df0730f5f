using System.Buffers;
using System.Globalization;
using System.Text;

namespace Lorta.Text;

/// <summary>A token that is looked for in the text itself, before the text is split into words.</summary>
/// <param name="Content">The text that stands for it.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Whether it is no text at all, such as a separator or a mask.</param>
/// <param name="LeftStrip">Whether it swallows the whitespace before it.</param>
/// <param name="RightStrip">Whether it swallows the whitespace after it.</param>
/// <param name="SingleWord">Whether it counts only where no letter or digit touches it.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text.</param>
internal sealed record AddedToken(
    string Content,
    int Id,
    bool Special,
    bool LeftStrip = false,
    bool RightStrip = false,
    bool SingleWord = false,
    bool Normalized = false);

/// <summary>Finds added tokens in a text: the leftmost, and of those the longest, as Hugging Face's added vocabulary does.</summary>
internal sealed class AddedTokens
{
    private readonly AddedToken[] _longestFirst;
    private readonly SearchValues<string> _contents;

    public AddedTokens(IEnumerable<AddedToken> tokens)
    {
        _longestFirst = [.. tokens.Where(token => token.Content.Length > 0).OrderByDescending(token => token.Content.Length)];
        _contents = SearchValues.Create([.. _longestFirst.Select(token => token.Content)], StringComparison.Ordinal);
    }

    public bool IsEmpty => _longestFirst.Length == 0;

    /// <summary>Finds the next token at or after <paramref name="from"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where to start; the whitespace that a token swallows begins no earlier.</param>
    /// <param name="span">What the token covers, the swallowed whitespace included.</param>
    /// <returns>The token, or null if there is none.</returns>
    public AddedToken? FindNext(ReadOnlySpan<char> text, int from, out Range span)
    {
        int position = from;
        while (text[position..].IndexOfAny(_contents) is >= 0 and int offset)
        {
            int start = position + offset;
            AddedToken token = LongestAt(text[start..]);
            int end = start + token.Content.Length;
            if (!token.SingleWord || !(EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
            {
                int first = token.LeftStrip ? from + text[from..start].TrimEnd().Length : start;
                int last = token.RightStrip ? text.Length - text[end..].TrimStart().Length : end;
                span = first..last;
                return token;
            }

            position = end;
        }

        span = default;
        return null;
    }

    private AddedToken LongestAt(ReadOnlySpan<char> text)
    {
        foreach (AddedToken token in _longestFirst)
        {
            if (text.StartsWith(token.Content))
            {
                return token;
            }
        }

        throw new InvalidOperationException("No added token stands where one was found.");
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune last, out _) == OperationStatus.Done && IsWord(last);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune first, out _) == OperationStatus.Done && IsWord(first);

    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune)
        is <= UnicodeCategory.OtherLetter
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
        or UnicodeCategory.ConnectorPunctuation;
}
