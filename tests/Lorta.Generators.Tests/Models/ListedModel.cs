using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>A list of projections, called by index and as a loop's variable.</summary>
[LortaAdapt(Rank = 2)]
public sealed partial class ListedModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<ListedAttention> _layers = [new ListedAttention(), new ListedAttention()];

    public ListedModel()
        : base("listed") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (ListedAttention layer in _layers)
        {
            x = x + layer.forward(x);
        }

        return x;
    }
}

public sealed class ListedAttention : Module<Tensor, Tensor>
{
    private readonly int _heads = 4;

    [LortaMatrix(AttentionMatrix.Query, AttentionMatrix.Key, AttentionMatrix.Value, AttentionMatrix.Output)]
    private readonly ModuleList<Linear> _linears = [Linear(16, 16), Linear(16, 16), Linear(16, 16), Linear(16, 16)];

    public ListedAttention()
        : base("attention") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        var parts = new List<Tensor>();
        foreach (Linear linear in _linears.Take(3))
        {
            parts.Add(linear.forward(x));
        }

        return _linears[3].forward(Attend.Heads(parts[0], parts[1], parts[2], _heads));
    }
}
