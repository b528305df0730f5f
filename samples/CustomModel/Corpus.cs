using static TorchSharp.torch;

namespace CustomModel;

/// <summary>A text as numbers of its letters, and random pieces of it.</summary>
internal sealed class Corpus(string text, string alphabet)
{
    /// <summary>What the base model learns.</summary>
    public const string Harbour =
        "the boats leave the harbour before the sun is up. the gulls follow them out and wait for the nets. at noon the boats come back, " +
        "low in the water, and the women on the quay count the baskets. the fish is sold before the ice has melted. in the evening the " +
        "nets hang on the wall to dry, and the men sit below them and mend what the rocks have torn. ";

    /// <summary>What the adapter learns: the same words in another order of things.</summary>
    public const string Storm =
        "the nets hang on the wall and the boats stay in the harbour. the men wait for the sun, the women wait for the men, and the gulls " +
        "sit on the quay below the wall. no fish is sold at noon. in the evening the rocks are low in the water and the ice has come up. " +
        "before the sun is out, the boats that the water has torn come back. ";

    private readonly long[] _ids = [.. text.Select(letter => (long)alphabet.IndexOf(letter, StringComparison.Ordinal))];

    /// <summary>The letters of both texts.</summary>
    public static string Alphabet { get; } = new([.. (Harbour + Storm).Distinct().Order()]);

    /// <summary>Pieces of the text that begin at random places, and each letter's next one.</summary>
    /// <returns>Two tensors [count, length], int64.</returns>
    public (Tensor Ids, Tensor Next) Sample(int count, int length, Random random)
    {
        int[] starts = [.. Enumerable.Range(0, count).Select(_ => random.Next(_ids.Length - length))];
        Tensor pieces = tensor(starts.SelectMany(start => _ids.AsSpan(start, length + 1).ToArray()).ToArray()).view(count, length + 1);
        return (pieces.narrow(1, 0, length), pieces.narrow(1, 1, length));
    }
}
