using System.Text;

namespace Lorta.Text;

/// <summary>
/// Byte-level BPE for words of thousands of letters, where Microsoft.ML.Tokenizers takes quadratic time: minutes for a word of a
/// million letters. Here the merges wait in a heap, by rank and then from the left; n log n.
/// </summary>
internal sealed class LongWordBpe
{
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];

    public LongWordBpe(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<string> merges)
    {
        // GPT-2's alphabet: a byte that Latin-1 prints stands for itself, the others for the characters from U+0100 on.
        int unprintable = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ');
            char letter = (char)(printable ? b : unprintable++);
            _byteIds[b] = vocabulary.GetValueOrDefault(letter.ToString(), -1);
        }

        foreach ((int rank, string merge) in merges.Index())
        {
            int space = merge.IndexOf(' ');
            (string left, string right) = (merge[..space], merge[(space + 1)..]);
            _merges.TryAdd((vocabulary[left], vocabulary[right]), (rank, vocabulary[left + right]));
        }
    }

    /// <summary>The ids of a word; bytes that the vocabulary lacks are left out.</summary>
    public int[] Encode(ReadOnlySpan<char> word)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        int[] ids = [.. bytes.Select(b => _byteIds[b]).Where(id => id >= 0)];

        // A merge keeps its left symbol's place; the right one's becomes -1 and is skipped by the links.
        int[] previous = [.. Enumerable.Range(-1, ids.Length)];
        int[] next = [.. Enumerable.Range(1, ids.Length)];
        PriorityQueue<(int Place, int Left, int Right), long> queue = new();
        for (int place = 0; place < ids.Length; place++)
        {
            Propose(place);
        }

        while (queue.TryDequeue(out (int Place, int Left, int Right) merge, out _))
        {
            int right = next[merge.Place];
            if (ids[merge.Place] != merge.Left || right == ids.Length || ids[right] != merge.Right)
            {
                continue;
            }

            ids[merge.Place] = _merges[(merge.Left, merge.Right)].Id;
            ids[right] = -1;
            next[merge.Place] = next[right];
            if (next[right] < ids.Length)
            {
                previous[next[right]] = merge.Place;
            }

            Propose(previous[merge.Place]);
            Propose(merge.Place);
        }

        return [.. ids.Where(id => id >= 0)];

        void Propose(int place)
        {
            if (place >= 0 && next[place] < ids.Length && _merges.TryGetValue((ids[place], ids[next[place]]), out (int Rank, int Id) found))
            {
                queue.Enqueue((place, ids[place], ids[next[place]]), ((long)found.Rank << 32) | (uint)place);
            }
        }
    }
}
