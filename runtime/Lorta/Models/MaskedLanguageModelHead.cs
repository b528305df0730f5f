using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

internal sealed class MaskedLanguageModelHead : Module<Tensor, Tensor, Tensor>
{
    private readonly Activation _activation;

    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public MaskedLanguageModelHead(EncoderConfig config)
        : base("cls")
    {
        _activation = config.Activation;
        _dense = Linear(config.Width, config.Width);
        _norm = LayerNorm(config.Width, config.NormEpsilon);
        _bias = new Parameter(zeros(config.VocabularySize));
        RegisterComponents();
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
