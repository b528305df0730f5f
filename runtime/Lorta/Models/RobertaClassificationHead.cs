using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

internal sealed class RobertaClassificationHead : Module<Tensor, Tensor>
{
    private readonly double _dropout;

    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    [ComponentName(Name = "out_proj")]
    private readonly Linear _output;

    public RobertaClassificationHead(EncoderConfig config, int labels)
        : base("classifier")
    {
        _dropout = config.HeadDropout ?? config.HiddenDropout;
        _dense = Linear(config.Width, config.Width);
        _output = Linear(config.Width, labels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        Tensor first = Drop(hidden.select(1, 0).to(_dense.weight.dtype)); // [b, s, d] -> [b, d], of an encoder in another type
        return _output.forward(Drop(_dense.forward(first).tanh())); // [b, labels]
    }

    private Tensor Drop(Tensor input) =>
        training && _dropout > 0 ? functional.dropout(input, _dropout, training: true) : input;
}
