using Lorta;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace CustomModel;

/// <summary>A small decoder in the manner of GPT-2, as somebody wrote it who never heard of LoRTA. The annotation is all that was added.</summary>
[LortaAdapt(Rank = 4, Alpha = 32)]
internal sealed partial class Decoder : Module<Tensor, Tensor>
{
    private readonly Embedding _tokens;
    private readonly Embedding _positions;
    private readonly ModuleList<Block> _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _head;

    public Decoder(int vocabulary, int context, int layers, int width, int heads)
        : base("decoder")
    {
        _tokens = Embedding(vocabulary, width);
        _positions = Embedding(context, width);
        _blocks = new ModuleList<Block>([.. Enumerable.Range(0, layers).Select(_ => new Block(width, heads))]);
        _norm = LayerNorm(width);
        _head = Linear(width, vocabulary);
        RegisterComponents();
    }

    public override Tensor forward(Tensor ids)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _tokens.forward(ids) + _positions.forward(arange(ids.shape[1])); // [b, s] -> [b, s, d]
        foreach (Block block in _blocks)
        {
            x = block.forward(x);
        }

        return _head.forward(_norm.forward(x)).MoveToOuterDisposeScope(); // [b, s, vocabulary]
    }
}

internal sealed class Block : Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm1;
    private readonly CausalSelfAttention _attention;
    private readonly LayerNorm _norm2;
    private readonly Linear _up;
    private readonly Linear _down;

    public Block(int width, int heads)
        : base("block")
    {
        _norm1 = LayerNorm(width);
        _attention = new CausalSelfAttention(width, heads);
        _norm2 = LayerNorm(width);
        _up = Linear(width, 4 * width);
        _down = Linear(4 * width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        x = x + _attention.forward(_norm1.forward(x));
        return x + _down.forward(functional.gelu(_up.forward(_norm2.forward(x))));
    }
}

internal sealed class CausalSelfAttention : Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly Linear _qkv;
    private readonly Linear _proj;

    public CausalSelfAttention(int width, int heads)
        : base("attention")
    {
        _heads = heads;
        _qkv = Linear(width, 3 * width);
        _proj = Linear(width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor[] parts = _qkv.forward(x).chunk(3, -1); // [b, s, 3d] -> q, k, v [b, s, d]
        Tensor context = functional.scaled_dot_product_attention(Split(parts[0]), Split(parts[1]), Split(parts[2]), is_casual: true);
        return _proj.forward(context.transpose(1, 2).reshape(x.shape)); // [b, H, s, d/H] -> [b, s, d]
    }

    private Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2); // [b, s, d] -> [b, H, s, d/H]
}
