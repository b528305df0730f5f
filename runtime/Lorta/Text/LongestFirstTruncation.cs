namespace Lorta.Text;

/// <summary>Longest-first truncation: the longer text loses tokens until both are equally long, then both do.</summary>
internal static class LongestFirstTruncation
{
    /// <summary>How many tokens of a text and its pair remain.</summary>
    /// <param name="first">The first text's tokens.</param>
    /// <param name="second">The second text's tokens; 0 if there is none.</param>
    /// <param name="room">How many tokens fit, special ones not counted.</param>
    public static (int First, int Second) Lengths(int first, int second, int room)
    {
        if (first + second <= room)
        {
            return (first, second);
        }

        // An odd token goes to the longer text, and to the second if they are equally long (Hugging Face's truncate_encodings).
        int half = room / 2;
        (int shorter, int longer) = Math.Min(first, second) <= half
            ? (Math.Min(first, second), room - Math.Min(first, second))
            : (half, room - half);
        return first > second ? (longer, shorter) : (shorter, longer);
    }
}
