using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

internal sealed class BertPooler : Module<Tensor, Tensor>
{
    private readonly Linear _dense;

    public BertPooler(EncoderConfig config)
        : base("pooler")
    {
        _dense = Linear(config.Width, config.Width);
        register_module("dense", _dense);
    }

    public override Tensor forward(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        return _dense.forward(hidden.select(1, 0)).tanh().MoveToOuterDisposeScope(); // [b, s, d] -> [b, d]
    }
}
