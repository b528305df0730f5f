using System.Text.Json.Nodes;

namespace Lorta.Adapters;

/// <summary>Full fine-tuning: every number of the base is trained, in place. Detaching gives the base back.</summary>
public sealed record FullFineTuning : AdapterMethod
{
    internal const string MethodName = "full";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override bool TrainsBase => true;

    /// <inheritdoc/>
    public override double DefaultRate => 5e-5;

    /// <inheritdoc/>
    public override double DefaultHeadRate => 5e-4;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new FullAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson() => [];

    private sealed class FullAdapter(AdapterSites sites, FullFineTuning method, string name)
        : BaseWeightsAdapter(sites, method, name, _ => true);
}
