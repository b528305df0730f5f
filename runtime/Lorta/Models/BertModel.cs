using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>The BERT encoder (Devlin et al., 2019), with the pooler over its first token.</summary>
public sealed class BertModel : Encoder
{
    [ComponentName(Name = "pooler")]
    private readonly BertPooler _pooler;

    /// <summary>Creates an encoder with random weights.</summary>
    /// <param name="config">Sizes and settings.</param>
    public BertModel(EncoderConfig config)
        : base("bert", config)
    {
        _pooler = new BertPooler(config);
        RegisterComponents();
    }

    /// <summary>The pooler's output for hidden states.</summary>
    /// <param name="hidden">Hidden states [b, s, d].</param>
    /// <returns>tanh of a linear map of the first token's state [b, d].</returns>
    public Tensor Pool(Tensor hidden) => _pooler.forward(hidden);

    private protected override Tensor Positions(Tensor ids) => arange(ids.shape[1], ScalarType.Int64, ids.device); // [s]
}
