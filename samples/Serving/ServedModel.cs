using System.Collections.Concurrent;
using Microsoft.ML;
using Prometheus;

namespace Serving;

/// <summary>One model behind a queue: what waits while a batch is scored becomes the next batch.</summary>
internal sealed class ServedModel : IDisposable
{
    private const int LargestBatch = 64;

    private static readonly Counter Requests = Metrics.CreateCounter("serving_requests_total", "Texts that were scored.", "model");
    private static readonly Histogram BatchSizes = Metrics.CreateHistogram(
        "serving_batch_size", "Texts in a batch.", new HistogramConfiguration { Buckets = Histogram.PowersOfTenDividedBuckets(0, 2, 10) });

    private readonly string _name;
    private readonly MLContext _mlContext;
    private readonly ITransformer _model;
    private readonly BlockingCollection<Pending> _queue = [];
    private readonly Thread _worker;

    public ServedModel(string name, MLContext mlContext, ITransformer model)
    {
        (_name, _mlContext, _model) = (name, mlContext, model);

        // A thread, not a task: it waits most of the time, and would keep the pool's few from answering.
        _worker = new Thread(ScoreBatches) { IsBackground = true, Name = name };
        _worker.Start();
    }

    /// <summary>Scores a text, together with others that wait.</summary>
    public Task<Prediction> PredictAsync(TextRequest request, CancellationToken cancellation)
    {
        var pending = new Pending(request);
        _queue.Add(pending, cancellation);
        return pending.Answer.Task.WaitAsync(cancellation);
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        _worker.Join();
        _queue.Dispose();
        (_model as IDisposable)?.Dispose();
    }

    private void ScoreBatches()
    {
        foreach (Pending first in _queue.GetConsumingEnumerable())
        {
            List<Pending> batch = [first];
            while (batch.Count < LargestBatch && _queue.TryTake(out Pending? next))
            {
                batch.Add(next);
            }

            Score(batch);
        }
    }

    private void Score(List<Pending> batch)
    {
        try
        {
            IDataView rows = _mlContext.Data.LoadFromEnumerable(batch.Select(pending => pending.Request));
            int row = 0;
            foreach (Prediction prediction in PredictionReader.Read(_model.Transform(rows)))
            {
                batch[row++].Answer.SetResult(prediction);
            }
        }
        catch (Exception error)
        {
            // Whatever it is, those who wait must hear of it.
            batch.ForEach(pending => pending.Answer.TrySetException(error));
        }

        Requests.WithLabels(_name).Inc(batch.Count);
        BatchSizes.Observe(batch.Count);
    }

    private sealed record Pending(TextRequest Request)
    {
        public TaskCompletionSource<Prediction> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
