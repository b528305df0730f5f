using Lorta.OutsideModels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Layers of another assembly that use <c>call</c>.</summary>
[LortaAdapt(Rank = 3)]
public sealed partial class OutsideCallingModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<CallingLayer> _layers = [new CallingLayer(16, 4), new CallingLayer(16, 4)];

    public OutsideCallingModel()
        : base("calling") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (CallingLayer layer in _layers)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

/// <summary>Layers of another assembly that use <c>forward</c>.</summary>
[LortaAdapt(Rank = 3)]
public sealed partial class OutsideForwardingModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<ForwardingLayer> _layers = [new ForwardingLayer(16, 4), new ForwardingLayer(16, 4)];

    public OutsideForwardingModel()
        : base("forwarding") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (ForwardingLayer layer in _layers)
        {
            x = layer.forward(x);
        }

        return x;
    }
}
