using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

internal sealed class BertPooler : Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    public BertPooler(EncoderConfig config)
        : base("pooler")
    {
        _dense = Linear(config.Width, config.Width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        return _dense.forward(hidden.select(1, 0)).tanh().MoveToOuterDisposeScope(); // [b, s, d] -> [b, d]
    }
}
