namespace Lorta.Training;

/// <summary>
/// Makes the next batch on a thread of the pool while the model runs on the present one: give <see cref="Start"/> to
/// <see cref="Trainer.Upcoming"/>, and call <see cref="Take"/> in the loss function, which disposes what it takes.
/// Used from one thread.
/// </summary>
/// <typeparam name="TBatch">What a batch is to the model, such as padded ids and labels.</typeparam>
/// <param name="collate">Makes the batch of some rows. Dispose scopes are the calling thread's, so its tensors belong to none.</param>
public sealed class BatchPrefetcher<TBatch>(Func<IReadOnlyList<int>, TBatch> collate) : IDisposable
    where TBatch : IDisposable
{
    private readonly Dictionary<IReadOnlyList<int>, Task<TBatch>> _started = new(ReferenceEqualityComparer.Instance);

    /// <summary>Starts to make the batch of <paramref name="rows"/>.</summary>
    public void Start(IReadOnlyList<int> rows) => _started[rows] = Task.Run(() => collate(rows));

    /// <summary>The batch of <paramref name="rows"/>: the one started for this very list, or else made now.</summary>
    /// <exception cref="Exception">What <c>collate</c> threw.</exception>
    public TBatch Take(IReadOnlyList<int> rows) =>
        _started.Remove(rows, out Task<TBatch>? batch) ? batch.GetAwaiter().GetResult() : collate(rows);

    /// <summary>Waits for batches that were started and not taken, and disposes them.</summary>
    public void Dispose()
    {
        foreach (Task<TBatch> batch in _started.Values)
        {
            // A batch that could not be made is nobody's loss here: nobody asked for it.
            batch.ContinueWith(made => made.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion)
                .ContinueWith(_ => { }).Wait();
        }

        _started.Clear();
    }
}
