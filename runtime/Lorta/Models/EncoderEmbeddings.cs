using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>The sum of word, position and token type embeddings, normalised.</summary>
internal sealed class EncoderEmbeddings : Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly double _dropout;

    [ComponentName(Name = "word_embeddings")]
    private readonly Embedding _words;

    [ComponentName(Name = "position_embeddings")]
    private readonly Embedding _positions;

    [ComponentName(Name = "token_type_embeddings")]
    private readonly Embedding _types;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    public EncoderEmbeddings(EncoderConfig config)
        : base("embeddings")
    {
        _dropout = config.HiddenDropout;
        _words = Embedding(config.VocabularySize, config.Width);
        _positions = Embedding(config.MaxPositions, config.Width);
        _types = Embedding(config.TokenTypes, config.Width);
        _norm = LayerNorm(config.Width, config.NormEpsilon);
        RegisterComponents();
    }

    /// <summary>The word table [vocabulary, d], which a language-model head shares.</summary>
    public Parameter WordTable => _words.weight!;

    /// <param name="ids">Token ids [b, s], int64.</param>
    /// <param name="positions">Position ids, [b, s] or [s], int64.</param>
    /// <param name="types">Token types [b, s], int64, or null where all are 0.</param>
    /// <returns>Embeddings [b, s, d].</returns>
    public override Tensor forward(Tensor ids, Tensor positions, Tensor? types)
    {
        Tensor sum = _words.forward(ids).Plus(_positions.forward(positions)); // [b, s, d]
        sum = sum.Plus(types is null ? _types.weight!.select(0, 0) : _types.forward(types));
        Tensor output = _norm.forward(sum);
        return training && _dropout > 0 ? functional.dropout(output, _dropout, training: true) : output;
    }
}
