using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The stretch of calling code in which an adapter is active. It belongs to the caller, not to the model: two threads may
/// use two adapters on one base, and it follows the caller through <c>await</c>. Scopes nest; of several adapters of one
/// model the innermost is active.
/// </summary>
public sealed class AdapterScope : IDisposable
{
    private static readonly AsyncLocal<AdapterScope?> Innermost = new();

    // With no scope open anywhere, a projection's call costs one read of this.
    private static int _open;

    private readonly AdapterScope? _outer;
    private readonly Adapter? _adapter;
    private bool _closed;

    private AdapterScope(Adapter? adapter)
    {
        _adapter = adapter;
        _outer = Innermost.Value;
        Innermost.Value = this;
        Interlocked.Increment(ref _open);
    }

    /// <summary>Opens a scope in which no adapter is active, whatever the scopes around it say.</summary>
    /// <returns>The scope: dispose it to end it.</returns>
    public static AdapterScope Base() => new(null);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        Interlocked.Decrement(ref _open);
        SharedProduct.Drop();
        AdapterScope? open = Innermost.Value;
        while (open is { _closed: true })
        {
            open = open._outer;
        }

        Innermost.Value = open;
    }

    internal static AdapterScope Of(Adapter adapter) => new(adapter);

    internal static bool TryFind(
        nn.Module<Tensor, Tensor> projection, [NotNullWhen(true)] out Adapter? adapter, out ReadOnlySpan<ProjectionSite> sites)
    {
        if (Volatile.Read(ref _open) != 0)
        {
            for (AdapterScope? scope = Innermost.Value; scope is not null; scope = scope._outer)
            {
                if (scope._closed)
                {
                    continue;
                }

                adapter = scope._adapter;
                if (adapter is null)
                {
                    break;
                }

                if (adapter.Sites.TryFind(projection, out sites))
                {
                    // Folded into the weights, it acts by the base's own call.
                    return !adapter.IsMerged;
                }
            }
        }

        adapter = null;
        sites = default;
        return false;
    }
}
