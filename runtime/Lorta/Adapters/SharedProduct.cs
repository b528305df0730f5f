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
    private readonly Tensor _product;
    private readonly Tensor _ups;
    private int _left;

    private SharedProduct(Tensor input, object owner, int layer, Tensor product, Tensor ups, int followers)
    {
        (_input, _owner, _layer, _product, _ups, _left) = (input, owner, layer, product, ups, followers);
    }

    /// <summary>Keeps a product and the other sides for the calls that follow; they leave their dispose scope until these have come.</summary>
    public static void Keep(Tensor input, object owner, int layer, Tensor product, Tensor ups, int followers)
    {
        Drop();
        _current = new(input, owner, layer, product.DetachFromDisposeScope(), ups.DetachFromDisposeScope(), followers);
    }

    /// <summary>
    /// Hands both out where they are of this very input, owner and layer; the last to take them owns them, by its dispose
    /// scope. Drops them and answers null otherwise.
    /// </summary>
    public static (Tensor Product, Tensor Ups)? Take(Tensor input, object owner, int layer, DisposeScope scope)
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
            scope.Attach(kept._product);
            scope.Attach(kept._ups);
        }

        return (kept._product, kept._ups);
    }

    /// <summary>Forgets what is kept on this thread.</summary>
    public static void Drop()
    {
        _current?._product.Dispose();
        _current?._ups.Dispose();
        _current = null;
    }
}
