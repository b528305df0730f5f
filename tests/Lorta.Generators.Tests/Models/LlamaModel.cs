using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>Public fields in Hugging Face's names for Llama, grouped queries, sizes in a configuration, layers in an array.</summary>
[LortaAdapt(Rank = 3, Alpha = 5, Modes = "heads,qkvp")]
public sealed partial class LlamaModel : Module<Tensor, Tensor>
{
    private readonly LlamaLayer[] _layers;

    public LlamaModel()
        : base("llama")
    {
        _layers = [.. Enumerable.Range(0, 3).Select(index => new LlamaLayer(new LlamaConfig(16, 4, 2)))];
        for (int i = 0; i < _layers.Length; i++)
        {
            register_module($"layer{i}", _layers[i]);
        }
    }

    public override Tensor forward(Tensor x) => _layers.Aggregate(x, (hidden, layer) => layer.forward(hidden));
}

public sealed record LlamaConfig(int HiddenSize, int NumAttentionHeads, int NumKeyValueHeads);

public sealed class LlamaLayer : Module<Tensor, Tensor>
{
    public readonly LlamaAttention self_attn;

    public LlamaLayer(LlamaConfig config)
        : base("layer")
    {
        self_attn = new(config);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => x + self_attn.forward(x);
}

public sealed class LlamaAttention : Module<Tensor, Tensor>
{
    public readonly Linear q_proj;
    public readonly Linear k_proj;
    public readonly Linear v_proj;
    public readonly Linear o_proj;
    private readonly LlamaConfig _config;

    public LlamaAttention(LlamaConfig config)
        : base("attention")
    {
        _config = config;
        int groups = config.HiddenSize / config.NumAttentionHeads * config.NumKeyValueHeads;
        q_proj = Linear(config.HiddenSize, config.HiddenSize, hasBias: false);
        k_proj = Linear(config.HiddenSize, groups, hasBias: false);
        v_proj = Linear(config.HiddenSize, groups, hasBias: false);
        o_proj = Linear(config.HiddenSize, config.HiddenSize, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => o_proj.forward(
        Attend.Heads(q_proj.forward(x), k_proj.forward(x), v_proj.forward(x), _config.NumAttentionHeads, _config.NumKeyValueHeads));
}
