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
    private readonly IActiveAdapter? _adapter;
    private bool _closed;

    private AdapterScope(IActiveAdapter? adapter)
    {
        _adapter = adapter;
        _outer = Innermost.Value;
        Innermost.Value = this;
        Interlocked.Increment(ref _open);
        try
        {
            foreach (AdapterSites sites in OutsideSites())
            {
                sites.Outside!.Enter(this, ActiveOn(sites));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens a scope in which no adapter is active, whatever the scopes around it say.</summary>
    /// <returns>The scope: dispose it to end it.</returns>
    public static AdapterScope Base() => new(null);

    /// <summary>
    /// Opens a scope in which each row of a batch has its own adapter. Rows of one adapter are computed together, wherever
    /// they stand; the base's part is computed once for all.
    /// </summary>
    /// <param name="perRow">
    /// The adapter of each row, or null for the base; at least one adapter, all of one model, or of models over the same layers. Every
    /// projection's input in the scope must have the batch as its first dimension.
    /// </param>
    /// <returns>The scope: dispose it to end it.</returns>
    /// <exception cref="ArgumentException">There is no adapter, or two are of different models.</exception>
    /// <exception cref="InvalidOperationException">An adapter is detached, or one is merged into the model.</exception>
    public static AdapterScope OfRows(IReadOnlyList<Adapter?> perRow)
    {
        foreach (Adapter adapter in perRow.OfType<Adapter>().Distinct())
        {
            adapter.RequireUnmerged();
        }

        return Of(new RowAdapters(perRow));
    }

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
        (_adapter as RowAdapters)?.Dispose();
        AdapterScope? open = Innermost.Value;
        while (open is { _closed: true })
        {
            open = open._outer;
        }

        Innermost.Value = open;
        foreach (AdapterSites sites in OutsideSites())
        {
            sites.Outside!.Leave(this, ActiveOn(sites));
        }
    }

    internal static AdapterScope Of(IActiveAdapter adapter) => new(adapter);

    /// <summary>The adapter that is active on a model in the calling code, or null.</summary>
    internal static IActiveAdapter? ActiveOn(AdapterSites sites)
    {
        for (AdapterScope? scope = Innermost.Value; scope is not null; scope = scope._outer)
        {
            if (!scope._closed && (scope._adapter is null || scope._adapter.Sites == sites))
            {
                return scope._adapter is { IsMerged: false } adapter ? adapter : null;
            }
        }

        return null;
    }

    /// <summary>The adapter that is active in the calling code on the model that a projection belongs to, or null.</summary>
    internal static IActiveAdapter? ActiveAt(nn.Module projection) =>
        TryFind(projection, out IActiveAdapter? adapter, out ProjectionSite[]? _) ? adapter : null;

    /// <summary>Whether this scope is another, or was opened inside it.</summary>
    internal bool IsWithin(AdapterScope other)
    {
        AdapterScope? scope = this;
        while (scope is not null && scope != other)
        {
            scope = scope._outer;
        }

        return scope is not null;
    }

    /// <summary>Finds the adapter that is active in the calling code on the model that a module belongs to, and the module's site there.</summary>
    internal static bool TryFind<TSite>(object module, [NotNullWhen(true)] out IActiveAdapter? adapter, [NotNullWhen(true)] out TSite? site)
        where TSite : class
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

                if (adapter.Sites.TryFind(module, out site))
                {
                    // Folded into the weights, it acts by the base's own call.
                    return !adapter.IsMerged;
                }
            }
        }

        adapter = null;
        site = null;
        return false;
    }

    /// <summary>The models with projections in other assemblies whose adapters this scope and those around it name.</summary>
    private IEnumerable<AdapterSites> OutsideSites()
    {
        for (AdapterScope? scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._adapter is { Sites: { Outside: not null } sites })
            {
                yield return sites;
            }
        }
    }
}
