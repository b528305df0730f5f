using static TorchSharp.torch;

namespace Lorta.Text;

/// <summary>Tokenized rows as tensors, padded on the right to the longest row. Owns its tensors.</summary>
public sealed class TokenBatch : IDisposable
{
    private TokenBatch(Tensor inputIds, Tensor attentionMask, Tensor tokenTypeIds)
    {
        InputIds = inputIds;
        AttentionMask = attentionMask;
        TokenTypeIds = tokenTypeIds;
    }

    /// <summary>Token ids, int64 <c>[batch, length]</c>; the padding holds the tokenizer's <see cref="TextTokenizer.PadId"/>.</summary>
    public Tensor InputIds { get; }

    /// <summary>True where there is a token, false in the padding; bool <c>[batch, length]</c>.</summary>
    public Tensor AttentionMask { get; }

    /// <summary>Segments, int64 <c>[batch, length]</c>; 0 in the padding.</summary>
    public Tensor TokenTypeIds { get; }

    /// <summary>Lays rows out as one batch.</summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="padId">What fills the rows that are shorter than the longest.</param>
    /// <param name="device">Where the tensors live; the CPU if left out.</param>
    /// <exception cref="ArgumentException">There are no rows.</exception>
    public static TokenBatch Collate(IReadOnlyList<TokenizedText> rows, int padId, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 0)
        {
            throw new ArgumentException("A batch needs at least one row.", nameof(rows));
        }

        int length = rows.Max(row => row.Length);
        long[] ids = new long[rows.Count * length];
        bool[] mask = new bool[ids.Length];
        long[] types = new long[ids.Length];
        Array.Fill(ids, padId);
        for (int row = 0; row < rows.Count; row++)
        {
            int start = row * length;
            (int[] rowIds, int[] rowTypes) = rows[row];
            for (int i = 0; i < rowIds.Length; i++)
            {
                ids[start + i] = rowIds[i];
                types[start + i] = rowTypes[i];
            }

            mask.AsSpan(start, rowIds.Length).Fill(true);
        }

        ReadOnlySpan<long> shape = [rows.Count, length];
        return new TokenBatch(
            tensor(ids, shape, device: device),
            tensor(mask, shape, device: device),
            tensor(types, shape, device: device));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        InputIds.Dispose();
        AttentionMask.Dispose();
        TokenTypeIds.Dispose();
    }
}
