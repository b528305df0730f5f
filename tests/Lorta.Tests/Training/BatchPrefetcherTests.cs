using Lorta.Training;

namespace Lorta.Tests.Training;

public sealed class BatchPrefetcherTests
{
    [Fact]
    public void GivesTheBatchThatWasStarted()
    {
        using var prefetcher = new BatchPrefetcher<Batch>(rows => new Batch(rows));
        int[] first = [1, 2];
        int[] second = [1, 2];

        prefetcher.Start(first);
        prefetcher.Start(second);

        Assert.Same(first, prefetcher.Take(first).Rows);
        Assert.Same(second, prefetcher.Take(second).Rows);
    }

    [Fact]
    public void WorksWhileTheCallerDoesSomethingElse()
    {
        using var released = new ManualResetEventSlim();
        int caller = Environment.CurrentManagedThreadId;
        int maker = caller;
        using var prefetcher = new BatchPrefetcher<Batch>(rows =>
        {
            maker = Environment.CurrentManagedThreadId;
            released.Set();
            return new Batch(rows);
        });
        int[] rows = [0];

        prefetcher.Start(rows);
        released.Wait(TestContext.Current.CancellationToken);
        prefetcher.Take(rows).Dispose();

        Assert.NotEqual(caller, maker);
    }

    [Fact]
    public void MakesABatchThatWasNotStarted()
    {
        using var prefetcher = new BatchPrefetcher<Batch>(rows => new Batch(rows));

        Assert.Equal([4], prefetcher.Take([4]).Rows);
    }

    [Fact]
    public void AnErrorReachesTheOneWhoTakes()
    {
        using var prefetcher = new BatchPrefetcher<Batch>(rows => throw new InvalidDataException("row 4"));
        int[] rows = [4];

        prefetcher.Start(rows);

        Assert.Equal("row 4", Assert.Throws<InvalidDataException>(() => prefetcher.Take(rows)).Message);
    }

    [Fact]
    public void DisposesWhatNobodyTook()
    {
        var made = new List<Batch>();
        var prefetcher = new BatchPrefetcher<Batch>(rows =>
        {
            if (rows.Count == 0)
            {
                throw new InvalidDataException();
            }

            made.Add(new Batch(rows));
            return made[^1];
        });

        prefetcher.Start([]);
        prefetcher.Start([1]);
        prefetcher.Dispose();

        Assert.True(Assert.Single(made).IsDisposed);
    }

    private sealed record Batch(IReadOnlyList<int> Rows) : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
