using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Lorta.Training;

/// <summary>
/// Which rows make which batch in an epoch: a pure function of the seed and the epoch, so that a resumed run goes on in the same order.
/// A batch holds the rows of one optimizer step on all ranks together.
/// </summary>
public abstract class BatchOrder
{
    private BatchOrder()
    {
    }

    /// <summary>The number of batches, and so of optimizer steps, of every epoch.</summary>
    public abstract int BatchesPerEpoch { get; }

    /// <summary>What distinguishes this order from others, for the settings that a run's state keeps.</summary>
    internal abstract string Description { get; }

    /// <summary>The batches of an epoch, each a list of row numbers.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    public abstract IReadOnlyList<IReadOnlyList<int>> Batches(long seed, int epoch);

    /// <summary>Each epoch all rows in a new random order, cut into batches; the last may be shorter.</summary>
    /// <param name="rows">The number of rows, at least 1.</param>
    /// <param name="batchSize">Rows a batch, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the numbers is below 1.</exception>
    public static BatchOrder Shuffled(int rows, int batchSize) => new ShuffledOrder(rows, batchSize);

    /// <summary>
    /// Batches of rows of similar length, so that little is padded: each epoch a random order is cut into windows of 50 batches,
    /// each window is sorted by length and cut into batches, and the batches of all windows are shuffled.
    /// </summary>
    /// <param name="lengths">Each row's length, in tokens.</param>
    /// <param name="batchSize">Rows a batch, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no row, or <paramref name="batchSize"/> is below 1.</exception>
    public static BatchOrder Bucketed(IReadOnlyList<int> lengths, int batchSize) => new BucketedOrder([.. lengths], batchSize);

    /// <summary>The same given batches in the same order each epoch: to follow another program's run.</summary>
    /// <param name="batches">The batches, at least one, none of them empty.</param>
    /// <exception cref="ArgumentException">There is no batch, or an empty one.</exception>
    public static BatchOrder Fixed(IReadOnlyList<IReadOnlyList<int>> batches) => new FixedOrder(batches);

    private static int[] Permutation(int rows, Random random)
    {
        int[] order = [.. Enumerable.Range(0, rows)];
        random.Shuffle(order);
        return order;
    }

    private static Random RandomOf(long seed, int epoch) => new((int)SeedSequence.Derive(seed, epoch));

    private static string Hash(ReadOnlySpan<int> numbers) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(numbers)));

    private sealed class ShuffledOrder : BatchOrder
    {
        private readonly int _rows;
        private readonly int _batchSize;

        public ShuffledOrder(int rows, int batchSize)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
            (_rows, _batchSize) = (rows, batchSize);
        }

        public override int BatchesPerEpoch => (_rows + _batchSize - 1) / _batchSize;

        internal override string Description => $"{_rows} rows shuffled, {_batchSize} a batch";

        public override IReadOnlyList<IReadOnlyList<int>> Batches(long seed, int epoch) =>
            [.. Permutation(_rows, RandomOf(seed, epoch)).Chunk(_batchSize)];
    }

    private sealed class BucketedOrder : BatchOrder
    {
        private const int WindowBatches = 50;

        private readonly int[] _lengths;
        private readonly int _batchSize;

        public BucketedOrder(int[] lengths, int batchSize)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(lengths.Length, 1, nameof(lengths));
            ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
            (_lengths, _batchSize) = (lengths, batchSize);
        }

        public override int BatchesPerEpoch => (_lengths.Length + _batchSize - 1) / _batchSize;

        internal override string Description =>
            $"{_lengths.Length} rows bucketed by length, {_batchSize} a batch, lengths {Hash(_lengths)}";

        public override IReadOnlyList<IReadOnlyList<int>> Batches(long seed, int epoch)
        {
            Random random = RandomOf(seed, epoch);
            int[][] batches =
            [
                .. Permutation(_lengths.Length, random)
                    .Chunk(WindowBatches * _batchSize)
                    .SelectMany(window => window.OrderBy(row => _lengths[row]).Chunk(_batchSize)),
            ];
            random.Shuffle(batches);
            return batches;
        }
    }

    private sealed class FixedOrder : BatchOrder
    {
        private readonly int[][] _batches;

        public FixedOrder(IReadOnlyList<IReadOnlyList<int>> batches)
        {
            if (batches.Count == 0 || batches.Any(batch => batch.Count == 0))
            {
                throw new ArgumentException("A fixed order needs at least one batch, and at least one row in each.", nameof(batches));
            }

            _batches = [.. batches.Select(batch => batch.ToArray())];
        }

        public override int BatchesPerEpoch => _batches.Length;

        internal override string Description =>
            $"{_batches.Length} given batches {Hash([.. _batches.SelectMany(batch => batch.Prepend(batch.Length))])}";

        public override IReadOnlyList<IReadOnlyList<int>> Batches(long seed, int epoch) => _batches;
    }
}
