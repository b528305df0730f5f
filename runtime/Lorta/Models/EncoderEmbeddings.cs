using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>The sum of word, position and token type embeddings, normalised.</summary>
internal sealed class EncoderEmbeddings : Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly double _dropout;
    private readonly Embedding _words;
    private readonly Embedding _positions;
    private readonly Embedding _types;
    private readonly LayerNorm _norm;

    public EncoderEmbeddings(EncoderConfig config)
        : base("embeddings")
    {
        _dropout = config.HiddenDropout;
        _words = Embedding(config.VocabularySize, config.Width);
        _positions = Embedding(config.MaxPositions, config.Width);
        _types = Embedding(config.TokenTypes, config.Width);
        _norm = LayerNorm(config.Width, config.NormEpsilon);
        register_module("word_embeddings", _words);
        register_module("position_embeddings", _positions);
        register_module("token_type_embeddings", _types);
        register_module("LayerNorm", _norm);
    }

    /// <summary>The word table [vocabulary, d], which a language-model head shares.</summary>
    public Parameter WordTable => _words.weight!;

    /// <param name="ids">Token ids [b, s], int64.</param>
    /// <param name="positions">Position ids, [b, s] or [s], int64.</param>
    /// <param name="types">Token types [b, s], int64, or null where all are 0.</param>
    /// <returns>Embeddings [b, s, d].</returns>
    public override Tensor forward(Tensor ids, Tensor positions, Tensor? types)
    {
        Tensor sum = _words.forward(ids) + _positions.forward(positions); // [b, s, d]
        sum += types is null ? _types.weight!.select(0, 0) : _types.forward(types);
        Tensor output = _norm.forward(sum);
        return training && _dropout > 0 ? functional.dropout(output, _dropout, training: true) : output;
    }
}
