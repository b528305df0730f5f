using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Attention without an output projection, in private classes inside the model.</summary>
[LortaAdapt(Rank = 2, Targets = AttentionMatrices.Query | AttentionMatrices.Value, Modes = "heads,layers,qkvp")]
public sealed partial class BareModel : Module<Tensor, Tensor>
{
    private readonly ModuleList<Layer> _layers = [new Layer(), new Layer()];

    public BareModel()
        : base("bare") => RegisterComponents();

    public override Tensor forward(Tensor x)
    {
        foreach (Layer layer in _layers)
        {
            x = layer.forward(x);
        }

        return x;
    }

    private sealed class Layer : Module<Tensor, Tensor>
    {
        private readonly int _nHead = 2;
        private readonly Linear _query = Linear(16, 16);
        private readonly Linear _key = Linear(16, 16);
        private readonly Linear _value = Linear(16, 16);

        public Layer()
            : base("layer") => RegisterComponents();

        public override Tensor forward(Tensor x)
        {
            using TorchSharp.DisposeScope scope = NewDisposeScope();
            Tensor k = _key.forward(x);
            Tensor q = _query.forward(x);
            Tensor v = _value.forward(x);
            return (x + Attend.Heads(q, k, v, _nHead)).MoveToOuterDisposeScope();
        }
    }
}
