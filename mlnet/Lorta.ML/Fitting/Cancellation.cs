using Microsoft.ML.Runtime;

namespace Lorta.ML.Fitting;

/// <summary>A token that is cancelled with the options' own, and soon after ML.NET's own tools cancel the context, which has to be asked.</summary>
internal sealed class Cancellation : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _source;
    private readonly Timer _timer;

    public Cancellation(IHost host, CancellationToken token)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(token);
        var cancelable = (ICancelable)host;
        _timer = new Timer(_ => Ask(cancelable), null, TimeSpan.Zero, Interval);
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        using var stopped = new ManualResetEvent(false);
        if (_timer.Dispose(stopped))
        {
            stopped.WaitOne();
        }

        _source.Dispose();
    }

    private void Ask(ICancelable cancelable)
    {
        if (cancelable.IsCanceled)
        {
            _source.Cancel();
        }
    }
}
