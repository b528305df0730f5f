using System.Text.Json.Nodes;

namespace Lorta.Adapters;

/// <summary>No adapter: only the head is trained, on the frozen base.</summary>
public sealed record HeadOnly : AdapterMethod
{
    internal const string MethodName = "head";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <summary>Zero, as there is nothing to learn.</summary>
    public override double DefaultRate => 0;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new HeadOnlyAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson() => [];

    private sealed class HeadOnlyAdapter(AdapterSites sites, HeadOnly method, string name) : Adapter(sites, method, name);
}
