using System.Threading.Channels;
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
    private readonly SemaphoreSlim _forwards;
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _worker;

    public ServedModel(string name, MLContext mlContext, ITransformer model, SemaphoreSlim forwards)
    {
        (_name, _mlContext, _model, _forwards) = (name, mlContext, model, forwards);
        _worker = Task.Run(ScoreBatches);
    }

    /// <summary>Scores a text, together with others that wait.</summary>
    public Task<Prediction> PredictAsync(TextRequest request, CancellationToken cancellation)
    {
        var pending = new Pending(request);
        if (!_queue.Writer.TryWrite(pending))
        {
            throw new ObjectDisposedException(_name);
        }

        return pending.Answer.Task.WaitAsync(cancellation);
    }

    public void Dispose()
    {
        _queue.Writer.Complete();
        _worker.Wait();
        (_model as IDisposable)?.Dispose();
    }

    private async Task ScoreBatches()
    {
        var batch = new List<Pending>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            await _forwards.WaitAsync();
            try
            {
                while (batch.Count < LargestBatch && _queue.Reader.TryRead(out Pending? pending))
                {
                    batch.Add(pending);
                }

                Score(batch);
            }
            finally
            {
                _forwards.Release();
                batch.Clear();
            }
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
