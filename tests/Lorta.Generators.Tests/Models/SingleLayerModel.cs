using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>One wide layer.</summary>
[LortaAdapt(Rank = 4)]
public sealed partial class SingleLayerModel : Module<Tensor, Tensor>
{
    private readonly MemoryAttention[] _layers;

    public SingleLayerModel(int width)
        : base("single")
    {
        _layers = [new MemoryAttention(width, 16)];
        register_module("layer", _layers[0]);
    }

    public override Tensor forward(Tensor x) => _layers[0].forward(x, x);
}
