using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>BERT's layout: private fields, attention.self beside attention.output.dense, and a class that the MLP shares.</summary>
[LortaAdapt(Rank = 4, Alpha = 6)]
public sealed partial class HuggingFaceClassifier : Module<Tensor, Tensor>
{
    private readonly HuggingFaceEncoder _encoder;
    private readonly Linear _classifier;

    public HuggingFaceClassifier()
        : base("classifier")
    {
        _encoder = new(layers: 3, width: 16, heads: 4);
        _classifier = Linear(16, 2);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden) => _classifier.forward(_encoder.forward(hidden).mean([1]));
}

internal sealed class HuggingFaceEncoder : Module<Tensor, Tensor>
{
    private readonly ModuleList<HuggingFaceLayer> _layers;

    public HuggingFaceEncoder(int layers, int width, int heads)
        : base("encoder")
    {
        _layers = [];
        for (int i = 0; i < layers; i++)
        {
            _layers.Add(new HuggingFaceLayer(width, heads));
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        foreach (HuggingFaceLayer layer in _layers)
        {
            hidden = layer.forward(hidden);
        }

        return hidden;
    }
}

internal sealed class HuggingFaceLayer : Module<Tensor, Tensor>
{
    private readonly HuggingFaceAttention _attention;
    private readonly Linear _intermediate;
    private readonly HuggingFaceOutput _output;

    public HuggingFaceLayer(int width, int heads)
        : base("layer")
    {
        _attention = new(width, heads);
        _intermediate = Linear(width, 2 * width);
        _output = new(2 * width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        Tensor attended = _attention.forward(hidden);
        return _output.forward(functional.gelu(_intermediate.forward(attended)), attended);
    }
}

internal sealed class HuggingFaceAttention : Module<Tensor, Tensor>
{
    private readonly HuggingFaceSelfAttention _self;
    private readonly HuggingFaceOutput _output;

    public HuggingFaceAttention(int width, int heads)
        : base("attention")
    {
        _self = new(width, heads);
        _output = new(width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden) => _output.forward(_self.forward(hidden), hidden);
}

internal sealed class HuggingFaceSelfAttention : Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;

    public HuggingFaceSelfAttention(int width, int heads)
        : base("self")
    {
        _heads = heads;
        _query = Linear(width, width);
        _key = Linear(width, width);
        _value = Linear(width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        Tensor query = Split(_query.forward(hidden));
        Tensor key = Split(_key.forward(hidden));
        Tensor value = Split(_value.forward(hidden));
        return functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(hidden.shape);
    }

    private Tensor Split(Tensor projected) => projected.view(projected.shape[0], projected.shape[1], _heads, -1).transpose(1, 2);
}

internal sealed class HuggingFaceOutput : Module<Tensor, Tensor, Tensor>
{
    private readonly Linear _dense;
    private readonly LayerNorm _norm;

    public HuggingFaceOutput(int input, int width)
        : base("output")
    {
        _dense = Linear(input, width);
        _norm = LayerNorm(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor inner, Tensor residual) => _norm.forward(_dense.forward(inner) + residual);
}
