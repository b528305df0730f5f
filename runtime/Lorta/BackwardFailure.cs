using System.Runtime.ExceptionServices;

namespace Lorta;

/// <summary>
/// An error of a backward pass, kept until somebody asks: torch's engine calls the backward, and no exception may pass through
/// it.
/// </summary>
internal sealed class BackwardFailure
{
    private ExceptionDispatchInfo? _first;

    public void Keep(Exception error) => Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(error), null);

    /// <summary>Throws what was kept, once.</summary>
    public void Throw() => Interlocked.Exchange(ref _first, null)?.Throw();
}
