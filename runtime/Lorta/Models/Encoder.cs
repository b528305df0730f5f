using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>A pretrained text encoder: embeddings and a stack of transformer layers.</summary>
public abstract class Encoder : Module<Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "embeddings")]
    private readonly EncoderEmbeddings _embeddings;

    [ComponentName(Name = "encoder")]
    private readonly TransformerEncoder _encoder;

    private protected Encoder(string name, EncoderConfig config)
        : base(name)
    {
        Config = config;
        _embeddings = new EncoderEmbeddings(config);
        _encoder = new TransformerEncoder(config);
    }

    /// <summary>Sizes and settings.</summary>
    public EncoderConfig Config { get; }

    /// <summary>
    /// Gradient checkpointing: whether of each layer only the input is kept for the backward, which computes the layer again.
    /// That costs about the time of one more forward and saves most of the activations' memory. It changes forwards with
    /// gradients only, and, in training mode, needs the model on the CPU.
    /// </summary>
    /// <remarks>
    /// Where a layer can't be computed again (its adapter was detached meanwhile, say), the backward ends without gradients,
    /// and the next forward tells; <see cref="Tasks.FineTuning"/> asks before each step of the optimizer.
    /// </remarks>
    public bool GradientCheckpointing
    {
        get => _encoder.KeepsInputsOnly;
        set => _encoder.KeepsInputsOnly = value;
    }

    /// <summary>The most tokens that a row can have.</summary>
    public virtual int MaxTokens => Config.MaxPositions;

    internal EncoderEmbeddings Embeddings => _embeddings;

    /// <summary>Tells of a backward of <see cref="GradientCheckpointing"/> that ended without gradients.</summary>
    /// <exception cref="InvalidOperationException">There was one.</exception>
    internal void ThrowIfBackwardFailed() => _encoder.ThrowIfBackwardFailed();

    /// <summary>Computes the last layer's hidden states.</summary>
    /// <param name="ids">Token ids [b, s], int64, padded on the right.</param>
    /// <param name="mask">True at tokens, false at padding [b, s]; null where nothing is padded.</param>
    /// <param name="types">Token types [b, s], int64; null where all are 0.</param>
    /// <returns>Hidden states [b, s, d].</returns>
    public override Tensor forward(Tensor ids, Tensor? mask, Tensor? types)
    {
        using DisposeScope scope = NewDisposeScope();
        return _encoder.forward(Embed(ids, types), Attendable(mask)).MoveToOuterDisposeScope();
    }

    /// <summary>Computes every layer's hidden states.</summary>
    /// <param name="ids">Token ids [b, s], int64, padded on the right.</param>
    /// <param name="mask">True at tokens, false at padding [b, s]; null where nothing is padded.</param>
    /// <param name="types">Token types [b, s], int64; null where all are 0.</param>
    /// <returns>The embeddings' output, then that of each layer, each [b, s, d].</returns>
    public IReadOnlyList<Tensor> HiddenStates(Tensor ids, Tensor? mask, Tensor? types)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor embedded = Embed(ids, types);
        Tensor[] states = [embedded, .. _encoder.LayerOutputs(embedded, Attendable(mask))];
        scope.MoveToOuter(states);
        return states;
    }

    /// <summary>The position of each token in the position table.</summary>
    private protected abstract Tensor Positions(Tensor ids);

    private Tensor Embed(Tensor ids, Tensor? types) => _embeddings.forward(ids, Positions(ids), types);

    private static Tensor? Attendable(Tensor? mask) => mask?.to(ScalarType.Bool).unsqueeze(1).unsqueeze(1); // [b, 1, 1, s]
}
