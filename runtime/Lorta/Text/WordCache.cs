using System.Collections.Concurrent;

namespace Lorta.Text;

/// <summary>Computes the ids of one word.</summary>
internal delegate int[] WordEncoder(ReadOnlySpan<char> word);

/// <summary>
/// Remembers the ids of words, because a text repeats few words often. Bounded: when full it starts anew, so that it follows
/// the text that is being read. Safe to use from many threads.
/// </summary>
internal sealed class WordCache(WordEncoder encode)
{
    // At most some 20 MB, with words of ordinary length about 5 MB.
    internal const int Capacity = 1 << 15;
    private const int LongestWord = 64;

    private volatile ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The number of words remembered.</summary>
    public int Count => _words.Count;

    /// <summary>The ids of <paramref name="word"/>.</summary>
    public ReadOnlySpan<int> Encode(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestWord)
        {
            return encode(word);
        }

        ConcurrentDictionary<string, int[]> words = _words;
        if (words.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int[]? ids))
        {
            return ids;
        }

        ids = encode(word);
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            _count = 1;
            _words = words = new(StringComparer.Ordinal);
        }

        words[word.ToString()] = ids;
        return ids;
    }
}
