using Lorta.Tasks;
using Lorta.Text;
using static TorchSharp.torch;

namespace Lorta.ML.Scoring;

/// <summary>Scores what several threads ask of the models over one base at the same time in common forwards of the base.</summary>
internal sealed class CommonForwards
{
    private const int LargestBatch = 64;

    // As many forwards at once, of all bases, as there are cores for; what waits meanwhile becomes the next batches. They run on the
    // pool's few threads, not on the many that ask: the native allocator keeps memory for each thread that it has seen.
    private static readonly TaskFactory Forwards = new(
        new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Math.Max(1, Environment.ProcessorCount / get_num_threads())).ConcurrentScheduler);

    private readonly Queue<Request> _waiting = new();

    /// <summary>The logits of each row, in the order given.</summary>
    /// <param name="classifier">A model over the shared encoder.</param>
    /// <param name="rows">The rows.</param>
    public IReadOnlyList<float[]> Score(TextClassifier classifier, IReadOnlyList<TokenizedText> rows)
    {
        var request = new Request(classifier, rows);
        lock (_waiting)
        {
            _waiting.Enqueue(request);
        }

        // Each request brings one forward, for those that are waiting longest; this one may be in an earlier one's already.
        Forwards.StartNew(() => Run(TakeBatch()));
        return request.Logits.Task.GetAwaiter().GetResult();
    }

    private List<Request> TakeBatch()
    {
        var batch = new List<Request>();
        int rows = 0;
        lock (_waiting)
        {
            while (rows < LargestBatch && _waiting.TryDequeue(out Request? request))
            {
                batch.Add(request);
                rows += request.Rows.Count;
            }
        }

        return batch;
    }

    private static void Run(List<Request> batch)
    {
        try
        {
            IReadOnlyList<float[]> logits = TextClassifier.PredictTogether([.. batch.SelectMany(request => request.Rows.Select(row => (request.Classifier, row)))]);
            int done = 0;
            foreach (Request request in batch)
            {
                request.Logits.SetResult([.. logits.Skip(done).Take(request.Rows.Count)]);
                done += request.Rows.Count;
            }
        }
        catch (Exception error)
        {
            // Whatever it is, those who wait must hear of it.
            batch.ForEach(request => request.Logits.TrySetException(error));
        }
    }

    private sealed record Request(TextClassifier Classifier, IReadOnlyList<TokenizedText> Rows)
    {
        public TaskCompletionSource<IReadOnlyList<float[]>> Logits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
