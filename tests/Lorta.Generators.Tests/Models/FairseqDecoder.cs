using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>fairseq's decoder: one attention class for the own sequence and for the encoder's, layers in a list in a body.</summary>
[LortaAdapt(Rank = 3, Modes = "heads,layers")]
public sealed partial class FairseqDecoder : Module<Tensor, Tensor>
{
    private readonly FairseqBody body = new();

    public FairseqDecoder()
        : base("decoder") => RegisterComponents();

    public override Tensor forward(Tensor x) => body.Run(x);
}

public class FairseqBody : Module
{
    protected readonly List<FairseqLayer> layers = [new(), new()];

    public FairseqBody()
        : base("body")
    {
        for (int i = 0; i < layers.Count; i++)
        {
            register_module($"{i}", layers[i]);
        }
    }

    public Tensor Run(Tensor x)
    {
        foreach (FairseqLayer layer in layers)
        {
            x = layer.forward(x);
        }

        return x;
    }
}

public sealed class FairseqLayer : Module<Tensor, Tensor>
{
    private readonly MultiheadAttention self_attn = new();
    private readonly MultiheadAttention encoder_attn = new();

    public FairseqLayer()
        : base("layer") => RegisterComponents();

    // The encoder's states are zero here, so that only the biases of its attention are left.
    public override Tensor forward(Tensor x) => x + self_attn.forward(x, x, x) + (0 * encoder_attn.forward(x, x * 0, x * 0));
}

public sealed class MultiheadAttention : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly int num_heads = 2;
    private readonly Linear q_proj = Linear(16, 16);
    private readonly Linear k_proj = Linear(16, 16);
    private readonly Linear v_proj = Linear(16, 16);
    private readonly Linear out_proj = Linear(16, 16);

    public MultiheadAttention()
        : base("attention") => RegisterComponents();

    public override Tensor forward(Tensor query, Tensor key, Tensor value)
    {
        Tensor q = q_proj.forward(query);
        Tensor k = k_proj.forward(key);
        Tensor v = v_proj.forward(value);
        return out_proj.forward(Attend.Heads(q, k, v, num_heads));
    }
}
