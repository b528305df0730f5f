using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>BERT's pooler: tanh of a linear map of the first token's hidden state.</summary>
public sealed class BertPooler : Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    internal BertPooler(EncoderConfig config)
        : base("pooler")
    {
        _dense = Linear(config.Width, config.Width);
        RegisterComponents();
    }

    /// <summary>Pools hidden states.</summary>
    /// <param name="hidden">Hidden states [b, s, d].</param>
    /// <returns>One vector a row [b, d].</returns>
    public override Tensor forward(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor first = hidden.select(1, 0).to(_dense.weight.dtype); // [b, s, d] -> [b, d], of an encoder in another type
        return _dense.forward(first).tanh().MoveToOuterDisposeScope();
    }
}
