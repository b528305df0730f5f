using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>LoRA-FA: LoRA whose A stays at its random start, so that only B is trained (Zhang et al., 2023).</summary>
public sealed record LoraFa : LoraMethod
{
    internal const string MethodName = "lora-fa";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new LoraAdapter(model.Sites, this, name, trainsA: false);

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => Rank * rows;

    internal static LoraFa FromJson(JsonFile options) => (LoraFa)new LoraFa().WithLoraJson(options);
}
