using FsCheck;
using FsCheck.Xunit;
using Lorta.Training;

namespace Lorta.Tests.Training;

public sealed class BatchOrderTests
{
    [Property]
    public bool EveryEpochHasEachRowOnce(PositiveInt rows, PositiveInt batchSize, int seed, bool bucketed)
    {
        BatchOrder order = OrderOf(rows.Get, batchSize.Get, bucketed);
        return Enumerable.Range(0, 3).All(epoch =>
        {
            IReadOnlyList<IReadOnlyList<int>> batches = order.Batches(seed, epoch);
            return batches.SelectMany(b => b).Order().SequenceEqual(Enumerable.Range(0, rows.Get))
                && batches.Count == order.BatchesPerEpoch
                && batches.Count(b => b.Count != batchSize.Get) <= 1;
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DependsOnSeedAndEpochOnly(bool bucketed)
    {
        BatchOrder order = OrderOf(1000, 8, bucketed);

        int[] first = Flatten(order.Batches(1, 0));

        Assert.Equal(first, Flatten(OrderOf(1000, 8, bucketed).Batches(1, 0)));
        Assert.NotEqual(first, Flatten(order.Batches(1, 1)));
        Assert.NotEqual(first, Flatten(order.Batches(2, 0)));
    }

    [Fact]
    public void BucketsPadFarLessThanShuffledBatches()
    {
        int[] lengths = Lengths(2000);

        int bucketed = Padding(BatchOrder.Bucketed(lengths, 16), lengths);
        int shuffled = Padding(BatchOrder.Shuffled(lengths.Length, 16), lengths);

        Assert.InRange(bucketed, 0, shuffled / 5);
    }

    [Fact]
    public void BucketsComeInNoOrderOfLength()
    {
        int[] lengths = Lengths(800);

        int[] longest = [.. BatchOrder.Bucketed(lengths, 8).Batches(3, 0).Select(batch => batch.Max(row => lengths[row]))];

        Assert.NotEqual(longest.Order(), longest);
        Assert.NotEqual(longest.OrderDescending(), longest);
    }

    [Fact]
    public void GivenBatchesComeAsTheyAre()
    {
        int[][] batches = [[3, 1], [2], [3, 3, 0]];

        BatchOrder order = BatchOrder.Fixed(batches);

        Assert.Equal(3, order.BatchesPerEpoch);
        Assert.Equal(batches, order.Batches(5, 7));
    }

    [Fact]
    public void RefusesWhatGivesNoBatch()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchOrder.Shuffled(0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchOrder.Shuffled(8, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchOrder.Bucketed([], 8));
        Assert.Throws<ArgumentException>(() => BatchOrder.Fixed([]));
        Assert.Throws<ArgumentException>(() => BatchOrder.Fixed([[1], []]));
    }

    private static BatchOrder OrderOf(int rows, int batchSize, bool bucketed) =>
        bucketed ? BatchOrder.Bucketed(Lengths(rows), batchSize) : BatchOrder.Shuffled(rows, batchSize);

    private static int[] Lengths(int rows)
    {
        var random = new Random(rows);
        return [.. Enumerable.Range(0, rows).Select(_ => random.Next(3, 129))];
    }

    private static int Padding(BatchOrder order, int[] lengths) =>
        order.Batches(0, 0).Sum(batch => batch.Sum(row => batch.Max(r => lengths[r]) - lengths[row]));

    private static int[] Flatten(IReadOnlyList<IReadOnlyList<int>> batches) => [.. batches.SelectMany(b => b)];
}
