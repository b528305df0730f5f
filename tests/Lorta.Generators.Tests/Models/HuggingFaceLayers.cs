using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>BERT's layout without what the definition leaves out: private fields, attention.self beside attention.output.dense.</summary>
[LortaAdapt(Rank = 4, Alpha = 6)]
public sealed partial class HuggingFaceLayers : Module<Tensor, Tensor>
{
    private readonly PlainEncoder _encoder = new();

    public HuggingFaceLayers()
        : base("bert") => RegisterComponents();

    public override Tensor forward(Tensor x) => _encoder.forward(x);
}

internal sealed class PlainEncoder : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.ModuleList<PlainLayer> _layer = [new PlainLayer(), new PlainLayer(), new PlainLayer()];

    public PlainEncoder()
        : base("encoder") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (PlainLayer layer in _layer)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

internal sealed class PlainLayer : Module<Tensor, Tensor>
{
    private readonly PlainAttention _attention = new();
    private readonly PlainOutput _output = new();

    public PlainLayer()
        : base("layer") => RegisterComponents();

    // The MLP's output is of the same class as the attention's; it adds nothing here.
    public override Tensor forward(Tensor x)
    {
        Tensor attended = _attention.forward(x);
        return attended + (0 * _output.forward(attended, attended));
    }
}

internal sealed class PlainAttention : Module<Tensor, Tensor>
{
    private readonly HuggingFaceSelfAttention _self = new(16, 4);
    private readonly PlainOutput _output = new();

    public PlainAttention()
        : base("attention") => RegisterComponents();

    public override Tensor forward(Tensor x) => _output.forward(_self.forward(x), x);
}

internal sealed class PlainOutput : Module<Tensor, Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear _dense = Linear(16, 16);

    public PlainOutput()
        : base("output") => RegisterComponents();

    public override Tensor forward(Tensor inner, Tensor residual) => _dense.forward(inner) + residual;
}
