using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The product of one input with a factor that several projections have in common, kept on a thread between the first
/// call that computes it and the last that uses it.
/// </summary>
internal sealed class SharedProduct
{
    [ThreadStatic]
    private static SharedProduct? _current;

    private readonly Tensor _input;
    private readonly object _owner;
    private readonly int _layer;
    private readonly Tensor _product;
    private int _left;

    private SharedProduct(Tensor input, object owner, int layer, Tensor product, int followers)
    {
        (_input, _owner, _layer, _product, _left) = (input, owner, layer, product, followers);
    }

    /// <summary>Keeps a product for the calls that follow; it leaves its dispose scope until they have come.</summary>
    public static void Keep(Tensor input, object owner, int layer, Tensor product, int followers)
    {
        Drop();
        _current = new(input, owner, layer, product.DetachFromDisposeScope(), followers);
    }

    /// <summary>
    /// Hands out the product where it is of this very input, owner and layer; the last to take it owns it, by its dispose
    /// scope. Drops it and answers null otherwise.
    /// </summary>
    public static Tensor? Take(Tensor input, object owner, int layer, DisposeScope scope)
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

        if (--kept._left > 0)
        {
            return kept._product;
        }

        _current = null;
        scope.Attach(kept._product);
        return kept._product;
    }

    /// <summary>Forgets what is kept on this thread.</summary>
    public static void Drop()
    {
        _current?._product.Dispose();
        _current = null;
    }
}
