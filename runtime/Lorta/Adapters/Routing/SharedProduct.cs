using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// What several projections of one input have in common, kept on a thread between the first call that computes it and the
/// last that uses it: the product of the input with the factor that they share, and the other sides of their updates.
/// </summary>
internal sealed class SharedProduct
{
    [ThreadStatic]
    private static SharedProduct? _current;

    private readonly Tensor _input;
    private readonly object _owner;
    private readonly int _layer;
    private readonly Tensor[] _shared;
    private int _left;

    private SharedProduct(Tensor input, object owner, int layer, int followers, Tensor[] shared)
    {
        (_input, _owner, _layer, _left, _shared) = (input, owner, layer, followers, shared);
    }

    /// <summary>Keeps what is shared for the calls that follow; it leaves its dispose scope until these have come.</summary>
    public static void Keep(Tensor input, object owner, int layer, int followers, params Tensor[] shared)
    {
        Drop();
        Array.ForEach(shared, each => each.DetachFromDisposeScope());
        _current = new(input, owner, layer, followers, shared);
    }

    /// <summary>
    /// Hands out what was kept where it is of this very input, owner and layer; the last to take it owns it, by its dispose
    /// scope. Drops it and answers null otherwise.
    /// </summary>
    public static Tensor[]? Take(Tensor input, object owner, int layer, DisposeScope scope)
    {
        SharedProduct? kept = _current;
        if (kept is null)
        {
            return null;
        }

        if (!ReferenceEquals(kept._input, input) || !ReferenceEquals(kept._owner, owner) || kept._layer != layer)
        {
            Drop();
            return null;
        }

        if (--kept._left == 0)
        {
            _current = null;
            scope.Attach(kept._shared);
        }

        return kept._shared;
    }

    /// <summary>Forgets what is kept on this thread.</summary>
    public static void Drop()
    {
        Array.ForEach(_current?._shared ?? [], each => each.Dispose());
        _current = null;
    }
}
