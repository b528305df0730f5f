using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>The projections are in a record, and the layers in a list that is a property.</summary>
[LortaAdapt(Rank = 2, Modes = "heads")]
public sealed partial class RecordModel : Module<Tensor, Tensor>
{
    public RecordModel()
        : base("record")
    {
        for (int i = 0; i < Blocks.Count; i++)
        {
            register_module($"{i}", Blocks[i]);
        }
    }

    public IReadOnlyList<RecordBlock> Blocks { get; } = [new(), new()];

    public override Tensor forward(Tensor x)
    {
        foreach (RecordBlock block in Blocks)
        {
            x = block.forward(x);
        }

        return x;
    }
}

public sealed record AttentionWeights(Linear Q, Linear K, Linear V, Linear O);

public sealed class RecordBlock : Module<Tensor, Tensor>
{
    private readonly AttentionWeights _attention = new(Linear(16, 16), Linear(16, 16), Linear(16, 16), Linear(16, 16));
    private readonly int _numHeads = 4;

    public RecordBlock()
        : base("block")
    {
        register_module("q", _attention.Q);
        register_module("k", _attention.K);
        register_module("v", _attention.V);
        register_module("o", _attention.O);
    }

    public override Tensor forward(Tensor x)
    {
        (Linear q, Linear k, Linear v, Linear o) = _attention;
        return x + o.forward(Attend.Heads(q.forward(x), k.forward(x), v.forward(x), _numHeads));
    }
}
