using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Two annotated classes of different rank over one attention class, which takes its keys from another sequence.</summary>
[LortaAdapt(Rank = 2)]
public sealed partial class NarrowModel() : MemoryModel("narrow", 8, 2);

/// <inheritdoc cref="NarrowModel"/>
[LortaAdapt(Rank = 5, Modes = "layers,qkvp")]
public sealed partial class WideModel() : MemoryModel("wide", 16, 4);

public abstract class MemoryModel : Module<Tensor, Tensor, Tensor>
{
    private readonly ModuleList<MemoryAttention> _layers;

    protected MemoryModel(string name, int width, int heads)
        : base(name)
    {
        _layers = [new MemoryAttention(width, heads), new MemoryAttention(width, heads)];
        RegisterComponents();
    }

    /// <summary>Where set, every layer throws between its query and its key.</summary>
    public bool Throws { get; set; }

    public override Tensor forward(Tensor x, Tensor memory)
    {
        foreach (MemoryAttention layer in _layers)
        {
            layer.Throws = Throws;
            x = layer.forward(x, memory);
        }

        return x;
    }
}

public sealed class MemoryAttention : Module<Tensor, Tensor, Tensor>
{
    private readonly int _heads;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _dense;

    public MemoryAttention(int width, int heads)
        : base("attention")
    {
        _heads = heads;
        _query = Linear(width, width);
        _key = Linear(width, width);
        _value = Linear(width, width);
        _dense = Linear(width, width);
        RegisterComponents();
    }

    public bool Throws { get; set; }

    public override Tensor forward(Tensor x, Tensor memory)
    {
        Tensor query = _query.forward(x);
        Tensor key = _key.forward(memory);
        if (Throws)
        {
            throw new InvalidOperationException("between the calls");
        }

        Tensor value = _value.forward(memory);
        return x + _dense.forward(Attend.Heads(query, key, value, _heads));
    }
}
