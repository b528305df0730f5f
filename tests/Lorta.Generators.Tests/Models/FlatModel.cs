using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Layers that hold their projections themselves, beside the MLP's, in Meta's names; the model's constant says the heads.</summary>
[LortaAdapt(Rank = 3, RankStabilized = true, Modes = "layers")]
public sealed partial class FlatModel : Module<Tensor, Tensor>
{
    public const long Heads = 4;
    private readonly ModuleList<FlatLayer> _layers = [new FlatLayer(), new FlatLayer()];

    public FlatModel()
        : base("flat") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (FlatLayer layer in _layers)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

internal sealed class FlatLayer : Module<Tensor, Tensor>
{
    private readonly Linear wq = Linear(16, 16);
    private readonly Linear wk = Linear(16, 16);
    private readonly Linear wv = Linear(16, 16);
    private readonly Linear wo = Linear(16, 16);
    private readonly Linear fc1 = Linear(16, 32);
    private readonly Linear dense = Linear(32, 16);

    public FlatLayer()
        : base("layer") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        Tensor attended = x + wo.forward(Attend.Heads(wq.forward(x), wk.forward(x), wv.forward(x), (int)FlatModel.Heads));
        return attended + (0 * dense.forward(functional.relu(fc1.forward(attended))));
    }
}
