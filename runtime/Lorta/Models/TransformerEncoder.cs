using Lorta.Adapters;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>
/// The stack of layers that BERT and RoBERTa share: self-attention and feed-forward, each followed by dropout, the residual
/// and a layer norm. Modules carry the names of Hugging Face checkpoints.
/// </summary>
internal sealed class TransformerEncoder : Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "layer")]
    private readonly ModuleList<EncoderLayer> _layers;

    private readonly GradientCheckpointing _checkpointing = new();

    public TransformerEncoder(EncoderConfig config)
        : base("encoder")
    {
        _layers = new ModuleList<EncoderLayer>([.. Enumerable.Range(0, config.Layers).Select(_ => new EncoderLayer(config))]);
        RegisterComponents();
    }

    /// <summary>Whether of each layer only the input is kept for the backward, which computes the layer again.</summary>
    public bool KeepsInputsOnly { get; set; }

    /// <summary>Tells of a layer that could not be computed again in a backward, which then ended without gradients.</summary>
    /// <exception cref="InvalidOperationException">There was one.</exception>
    public void ThrowIfBackwardFailed() => _checkpointing.ThrowIfFailed();

    /// <param name="hidden">Embeddings [b, s, d].</param>
    /// <param name="mask">True where a token may be attended to [b, 1, 1, s], or null where all may.</param>
    /// <returns>The last layer's output [b, s, d].</returns>
    public override Tensor forward(Tensor hidden, Tensor? mask)
    {
        bool keepsInputsOnly = KeepsInputsOnly && is_grad_enabled();
        foreach (EncoderLayer layer in _layers)
        {
            hidden = keepsInputsOnly ? _checkpointing.Forward(layer, hidden, mask) : layer.forward(hidden, mask);
        }

        return hidden;
    }

    /// <summary>The output of every layer.</summary>
    public IEnumerable<Tensor> LayerOutputs(Tensor hidden, Tensor? mask)
    {
        foreach (EncoderLayer layer in _layers)
        {
            yield return hidden = layer.forward(hidden, mask);
        }
    }
}

internal sealed class EncoderLayer : Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "attention")]
    private readonly Attention _attention;

    [ComponentName(Name = "intermediate")]
    private readonly Intermediate _intermediate;

    [ComponentName(Name = "output")]
    private readonly ResidualOutput _output;

    public EncoderLayer(EncoderConfig config)
        : base("layer")
    {
        _attention = new Attention(config);
        _intermediate = new Intermediate(config);
        _output = new ResidualOutput(SublayerKind.FeedForward, config.IntermediateWidth, config);
        RegisterComponents();
    }

    /// <summary>A module that adapters know the layer's model by.</summary>
    public Linear Query => _attention.Query;

    public override Tensor forward(Tensor hidden, Tensor? mask)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor attended = _attention.forward(hidden, mask);
        return _output.forward(_intermediate.forward(attended), attended).MoveToOuterDisposeScope();
    }
}

internal sealed class Attention : Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "self")]
    private readonly SelfAttention _self;

    [ComponentName(Name = "output")]
    private readonly ResidualOutput _output;

    public Attention(EncoderConfig config)
        : base("attention")
    {
        _self = new SelfAttention(config);
        _output = new ResidualOutput(SublayerKind.Attention, config.Width, config);
        RegisterComponents();
    }

    public Linear Query => _self.Query;

    public override Tensor forward(Tensor hidden, Tensor? mask) => _output.forward(_self.forward(hidden, mask), hidden);
}

internal sealed class SelfAttention : Module<Tensor, Tensor?, Tensor>
{
    private readonly int _heads;
    private readonly double _dropout;

    [ComponentName(Name = "query")]
    private readonly Linear _query;

    [ComponentName(Name = "key")]
    private readonly Linear _key;

    [ComponentName(Name = "value")]
    private readonly Linear _value;

    public SelfAttention(EncoderConfig config)
        : base("self")
    {
        _heads = config.Heads;
        _dropout = config.AttentionDropout;
        _query = Linear(config.Width, config.Width);
        _key = Linear(config.Width, config.Width);
        _value = Linear(config.Width, config.Width);
        RegisterComponents();
    }

    public Linear Query => _query;

    public override Tensor forward(Tensor hidden, Tensor? mask)
    {
        Tensor query = SplitHeads(_query.forward(hidden));
        Tensor key = SplitHeads(_key.forward(hidden));
        Tensor value = SplitHeads(_value.forward(hidden));
        Tensor context = functional.scaled_dot_product_attention(query, key, value, mask, training ? _dropout : 0);
        return context.transpose(1, 2).flatten(2); // [b, H, s, d/H] -> [b, s, d]
    }

    private Tensor SplitHeads(Tensor projected) =>
        projected.view(projected.size(0), projected.size(1), _heads, -1).transpose(1, 2); // [b, s, d] -> [b, H, s, d/H]
}

internal sealed class Intermediate : Module<Tensor, Tensor>
{
    private readonly Activation _activation;

    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    public Intermediate(EncoderConfig config)
        : base("intermediate")
    {
        _activation = config.Activation;
        _dense = Linear(config.Width, config.IntermediateWidth);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden) => Activate(_dense.forward(hidden), _activation); // [b, s, 4d]

    /// <summary>Applies an activation function.</summary>
    public static Tensor Activate(Tensor input, Activation activation) => activation switch
    {
        Activation.Gelu => functional.gelu(input),
        Activation.GeluTanh => functional.gelu(input, TorchSharp.Modules.GELU.Approximate.tanh),
        _ => functional.relu(input),
    };
}

/// <summary>A sublayer's last linear layer, dropout, the residual and the layer norm.</summary>
internal sealed class ResidualOutput : Module<Tensor, Tensor, Tensor>, ISublayer
{
    private readonly double _dropout;

    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    public ResidualOutput(SublayerKind kind, int inputWidth, EncoderConfig config)
        : base("output")
    {
        Kind = kind;
        _dropout = config.HiddenDropout;
        _dense = Linear(inputWidth, config.Width);
        _norm = LayerNorm(config.Width, config.NormEpsilon);
        RegisterComponents();
    }

    public SublayerKind Kind { get; }

    public override Tensor forward(Tensor inner, Tensor residual)
    {
        Tensor output = _dense.forward(inner);
        if (training && _dropout > 0)
        {
            output = functional.dropout(output, _dropout, training: true);
        }

        return SublayerRouter.Close(this, output, residual);
    }

    public Tensor Close(Tensor output, Tensor residual) => _norm.forward(output.Plus(residual));
}
