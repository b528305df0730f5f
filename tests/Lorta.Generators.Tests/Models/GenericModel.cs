using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>A generic model of generic blocks, which hold their attention in private fields.</summary>
[LortaAdapt(Rank = 4, Modes = "heads,layers,qkvp")]
public sealed partial class GenericModel<TAttention> : Module<Tensor, Tensor>
    where TAttention : GenericAttention, new()
{
    private readonly ModuleList<GenericBlock<TAttention>> _blocks = [new GenericBlock<TAttention>(), new GenericBlock<TAttention>()];

    public GenericModel()
        : base("generic") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (GenericBlock<TAttention> block in _blocks)
        {
            x = block.forward(x);
        }

        return x;
    }
}

public sealed class GenericBlock<T> : Module<Tensor, Tensor>
    where T : GenericAttention, new()
{
    private readonly T _attention = new();

    public GenericBlock()
        : base("block") => RegisterComponents();

    public override Tensor forward(Tensor x) => x + _attention.forward(x);
}

public class GenericAttention : Module<Tensor, Tensor>
{
    private readonly Linear to_q = Linear(16, 16);
    private readonly Linear to_kv = Linear(16, 32);
    private readonly Linear to_out = Linear(16, 16);

    public GenericAttention()
        : base("attention") => RegisterComponents();

    protected virtual int Heads { get; } = 4;

    public override Tensor forward(Tensor x)
    {
        var query = to_q.forward(x);
        var parts = to_kv.forward(x).chunk(2, -1);
        return to_out.forward(Attend.Heads(query, parts[0], parts[1], Heads));
    }
}
