using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>The BERT encoder (Devlin et al., 2019), without the pooler, which is part of the head.</summary>
public sealed class BertModel : Encoder
{
    /// <summary>Creates an encoder with random weights.</summary>
    /// <param name="config">Sizes and settings.</param>
    public BertModel(EncoderConfig config)
        : base("bert", config)
    {
        RegisterComponents();
    }

    private protected override Tensor Positions(Tensor ids) => HeldScalars.Counting(ids.size(1), ids.device); // [s]
}
