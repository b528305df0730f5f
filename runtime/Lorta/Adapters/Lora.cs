using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>LoRA: each matrix gets an update B A times alpha/r (Hu et al., 2022), or alpha/sqrt(r) (rsLoRA).</summary>
public sealed record Lora : LoraMethod
{
    internal const string MethodName = "lora";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new LoraAdapter(model.Sites, this, name);

    internal static Lora FromJson(JsonFile options) => (Lora)new Lora().WithLoraJson(options);

    internal static LoraMethod FromPeft(JsonFile config, AttentionMatrices targets) => config.GetBoolean("use_dora", false)
        ? Dora.FromPeft(config, targets)
        : (Lora)new Lora().WithPeft(config, targets);
}
