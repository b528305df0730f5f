using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.OutsideModels;

/// <summary>A layer whose attention uses <c>call</c>, which runs hooks.</summary>
public sealed class CallingLayer : Module<Tensor, Tensor>
{
    public CallingLayer(int width, int heads)
        : base("layer")
    {
        Heads = heads;
        Query = Linear(width, width);
        Key = Linear(width, width);
        Value = Linear(width, width);
        OutProj = Linear(width, width);
        RegisterComponents();
    }

    public int Heads { get; }

    public Linear Query { get; }

    public Linear Key { get; }

    public Linear Value { get; }

    public Linear OutProj { get; }

    public override Tensor forward(Tensor x)
    {
        Tensor[] parts = [.. new[] { Query, Key, Value }.Select(projection =>
            projection.call(x).view(x.shape[0], x.shape[1], Heads, -1).transpose(1, 2))]; // [b, H, s, d/H]
        Tensor context = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
        return x + OutProj.call(context.transpose(1, 2).reshape(x.shape));
    }
}

/// <summary>A layer whose attention uses <c>forward</c>, which runs no hooks, on one layer for q, k and v.</summary>
public sealed class ForwardingLayer : Module<Tensor, Tensor>
{
    public ForwardingLayer(int width, int heads)
        : base("layer")
    {
        Heads = heads;
        InProj = Linear(width, 3 * width);
        OutProj = Linear(width, width);
        RegisterComponents();
    }

    public int Heads { get; }

    public Linear InProj { get; }

    public Linear OutProj { get; }

    public override Tensor forward(Tensor x)
    {
        Tensor[] parts = [.. InProj.forward(x).chunk(3, -1).Select(part => part.view(x.shape[0], x.shape[1], Heads, -1).transpose(1, 2))];
        Tensor context = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
        return x + OutProj.forward(context.transpose(1, 2).reshape(x.shape));
    }
}
