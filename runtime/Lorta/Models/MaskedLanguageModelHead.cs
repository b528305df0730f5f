using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

internal sealed class MaskedLanguageModelHead : Module<Tensor, Tensor, Tensor>
{
    private readonly Activation _activation;
    private readonly Linear _dense;
    private readonly LayerNorm _norm;
    private readonly Parameter _bias;

    public MaskedLanguageModelHead(EncoderConfig config)
        : base("cls")
    {
        _activation = config.Activation;
        _dense = Linear(config.Width, config.Width);
        _norm = LayerNorm(config.Width, config.NormEpsilon);
        _bias = new Parameter(zeros(config.VocabularySize));
        register_module("predictions.transform.dense", _dense);
        register_module("predictions.transform.LayerNorm", _norm);
        register_parameter("predictions.bias", _bias);
    }

    /// <param name="hidden">Hidden states [..., d].</param>
    /// <param name="words">The word table [vocabulary, d].</param>
    /// <returns>Logits [..., vocabulary].</returns>
    public override Tensor forward(Tensor hidden, Tensor words)
    {
        Tensor transformed = _norm.forward(Intermediate.Activate(_dense.forward(hidden), _activation));
        return functional.linear(transformed, words, _bias);
    }
}
