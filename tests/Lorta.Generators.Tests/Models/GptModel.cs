using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>nanoGPT's names: one linear layer for q, k and v, called by <c>call</c>, beside an MLP that has a c_proj too.</summary>
[LortaAdapt(Rank = 2, Modes = "layers,qkvp")]
public sealed partial class GptModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<GptBlock> h;

    public GptModel()
        : base("gpt")
    {
        h = new ModuleList<GptBlock>(new GptBlock(), new GptBlock());
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        foreach (GptBlock block in h)
        {
            x = block.call(x);
        }

        return x;
    }
}

public sealed class GptBlock : Module<Tensor, Tensor>
{
    private readonly CausalSelfAttention attn = new();
    private readonly GptMlp mlp = new();

    public GptBlock()
        : base("block") => RegisterComponents();

    public override Tensor forward(Tensor x) => x + attn.call(x) + (0 * mlp.call(x));
}

public sealed class CausalSelfAttention : Module<Tensor, Tensor>
{
    private const int n_head = 4;
    private readonly Linear c_attn = Linear(16, 48);
    private readonly Linear c_proj = Linear(16, 16);

    public CausalSelfAttention()
        : base("attention") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        Tensor[] parts = c_attn.call(x).split(16, -1);
        return c_proj.call(Attend.Heads(parts[0], parts[1], parts[2], n_head));
    }
}

public sealed class GptMlp : Module<Tensor, Tensor>
{
    private readonly Linear c_fc = Linear(16, 32);
    private readonly Linear c_proj = Linear(32, 16);

    public GptMlp()
        : base("mlp") => RegisterComponents();

    public override Tensor forward(Tensor x) => c_proj.call(functional.relu(c_fc.call(x)));
}
