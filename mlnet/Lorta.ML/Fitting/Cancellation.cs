using Microsoft.ML.Runtime;

namespace Lorta.ML.Fitting;

/// <summary>A token that is cancelled soon after <c>MLContext.CancelExecution</c>, which ML.NET only lets one ask for.</summary>
internal sealed class Cancellation : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _source = new();
    private readonly Timer _timer;

    public Cancellation(IHostEnvironment env)
    {
        var cancelable = (ICancelable)env;
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
