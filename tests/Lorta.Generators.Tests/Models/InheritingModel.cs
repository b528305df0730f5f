using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Everything is in base classes: the layers in the model's, the projections in the attention's.</summary>
[LortaAdapt(Rank = 5, Modes = "qkvp")]
public sealed partial class InheritingModel() : StackedModel("inheriting");

public abstract class StackedModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<InheritingLayer> stack = [new InheritingLayer(), new InheritingLayer()];

    protected StackedModel(string name)
        : base(name) => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (InheritingLayer layer in stack)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

public class AttentionBase : Module<Tensor, Tensor>
{
    protected readonly Linear queryProj = Linear(16, 16);
    protected readonly Linear keyProj = Linear(16, 16);
    private readonly Linear valueProj = Linear(16, 16);
    private readonly Linear outputProj = Linear(16, 16);

    protected AttentionBase(string name, int headDim)
        : base(name)
    {
        HeadDim = headDim;
        RegisterComponents();
    }

    protected int HeadDim { get; }

    protected Tensor Value(Tensor x) => valueProj.forward(x);

    protected Tensor Output(Tensor x) => outputProj.forward(x);

    public override Tensor forward(Tensor x) => throw new NotSupportedException();
}

public sealed class InheritingAttention() : AttentionBase("attention", headDim: 8)
{
    public override Tensor forward(Tensor x) =>
        Output(Attend.Heads(queryProj.forward(x), keyProj.forward(x), Value(x), (int)(queryProj.weight!.shape[0] / HeadDim)));
}

public sealed class InheritingLayer : Module<Tensor, Tensor>
{
    private readonly InheritingAttention attention = new();

    public InheritingLayer()
        : base("layer") => RegisterComponents();

    public override Tensor forward(Tensor x) => x + attention.forward(x);
}
