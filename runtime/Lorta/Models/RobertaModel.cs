using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>The RoBERTa encoder (Liu et al., 2019).</summary>
public sealed class RobertaModel : Encoder
{
    private readonly Scalar _padId;

    /// <summary>Creates an encoder with random weights.</summary>
    /// <param name="config">Sizes and settings.</param>
    public RobertaModel(EncoderConfig config)
        : base("roberta", config)
    {
        _padId = config.PadId;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int MaxTokens => Config.MaxPositions - Config.PadId - 1;

    /// <summary>Tokens count from the row after the padding's; padding has the padding's own row.</summary>
    private protected override Tensor Positions(Tensor ids)
    {
        Tensor tokens = ids.ne(_padId).to(ScalarType.Int64);
        return (tokens.cumsum(1) * tokens).Plus(_padId); // [b, s]
    }
}
