using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>
/// Projections of a class of the user's own, wider heads than d/H, an optional output projection, and calls through
/// properties, locals, parameters and a conditional access.
/// </summary>
[LortaAdapt(Rank = 3, Modes = "")]
public sealed partial class IndirectModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<IndirectLayer> _layers = [new IndirectLayer(), new IndirectLayer()];

    public IndirectModel()
        : base("indirect") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (IndirectLayer layer in _layers)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

/// <summary>A linear map whose weight is its own parameter.</summary>
public sealed class ScaledLinear : Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    public ScaledLinear(int input, int output)
        : base("scaled")
    {
        weight = Parameter(randn(output, input) * 0.2);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => functional.linear(x, weight);
}

public sealed class IndirectLayer : Module<Tensor, Tensor>
{
    private readonly IndirectAttention _attention = new();

    public IndirectLayer()
        : base("layer") => RegisterComponents();

    public override Tensor forward(Tensor x) => x + _attention.forward(x);
}

public sealed class IndirectAttention : Module<Tensor, Tensor>
{
    private readonly ScaledLinear _query = new(16, 24);
    private readonly Module<Tensor, Tensor> _key = new ScaledLinear(16, 24);
    private readonly ScaledLinear? _out = new(24, 16);

    public IndirectAttention()
        : base("attention") => RegisterComponents();

    public int HeadSize { get; init; } = 6;

    public Module<Tensor, Tensor> Value { get; } = new ScaledLinear(16, 24);

    private ScaledLinear Query => _query;

    public override Tensor forward(Tensor x)
    {
        Module<Tensor, Tensor> keys = _key;
        Tensor query = Query.call(x);
        Tensor context = Attend.Heads(query, keys.forward(x), Apply(Value, x), (int)query.shape[^1] / HeadSize);
        return _out?.forward(context) ?? context;
    }

    private static Tensor Apply(Module<Tensor, Tensor> map, Tensor x) => map.forward(x);
}
