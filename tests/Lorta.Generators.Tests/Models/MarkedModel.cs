using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Unusual names, told by attributes; one linear layer for q, k and v with fewer key and value heads.</summary>
[LortaAdapt(Rank = 3, Modes = "heads,layers,qkvp")]
public sealed partial class MarkedModel : Module<Tensor, Tensor>
{
    [LortaLayers]
    private readonly ModuleList<Stage> _stages = [new Stage(), new Stage()];

    public MarkedModel()
        : base("marked") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (Stage stage in _stages)
        {
            x = stage.forward(x);
        }

        return x;
    }
}

internal sealed class Stage : Module<Tensor, Tensor>
{
    [LortaAttention]
    private readonly Mixer _first = new();
    private readonly Mixer _second = new();

    public Stage()
        : base("stage") => RegisterComponents();

    public override Tensor forward(Tensor x) => x + _first.forward(x) + (0 * _second.forward(x));
}

internal sealed class Mixer : Module<Tensor, Tensor>
{
    [LortaHeads]
    private readonly int _lanes = 4;

    [LortaKeyValueHeads]
    private readonly int _shared = 2;

    [LortaMatrix(AttentionMatrix.Query, AttentionMatrix.Key, AttentionMatrix.Value)]
    private readonly Linear _gather = Linear(16, 32);

    [LortaMatrix(AttentionMatrix.Output)]
    private readonly Linear _scatter = Linear(16, 16);

    public Mixer()
        : base("mixer") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        Tensor[] parts = _gather.forward(x).split([16, 8, 8], -1);
        return _scatter.forward(Attend.Heads(parts[0], parts[1], parts[2], _lanes, _shared));
    }
}
