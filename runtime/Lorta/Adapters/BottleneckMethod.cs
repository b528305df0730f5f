using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>A method that puts small networks at the ends of sublayers: down to a bottleneck, an activation, and up again.</summary>
public abstract record BottleneckMethod : AdapterMethod
{
    /// <summary>The bottleneck's width m: at least 1, at most the model's width.</summary>
    public int Bottleneck { get; init; } = 16;

    /// <summary>How many numbers an adapter trains: 2 d m + m + d for each network.</summary>
    /// <param name="layout">The sizes of a model's attention.</param>
    /// <returns>The count over all layers.</returns>
    public virtual long ParameterCount(AttentionLayout layout) => layout.Layers * OfOne(layout);

    /// <inheritdoc/>
    public override JsonObject ToJson() => new() { ["bottleneck"] = Bottleneck };

    /// <summary>The numbers of one network.</summary>
    private protected long OfOne(AttentionLayout layout) => (2L * layout.Width * Bottleneck) + Bottleneck + layout.Width;

    /// <summary>Whether a sublayer gets a network.</summary>
    private protected abstract bool IsTarget(SublayerSite site);

    private protected BottleneckMethod WithJson(JsonFile options) => this with { Bottleneck = options.GetInt32("bottleneck") };

    private protected virtual void Validate(AttentionLayout layout)
    {
        if (Bottleneck < 1 || Bottleneck > layout.Width)
        {
            throw new ArgumentOutOfRangeException(nameof(Bottleneck), $"Bottleneck is {Bottleneck}: choose one from 1 to the model's width, {layout.Width}.");
        }
    }

    /// <summary>The sublayers of a model that get networks.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    internal IReadOnlyList<SublayerSite> SitesOf(AdapterSites sites)
    {
        Validate(sites.Layout);
        return sites.Sublayers.Count > 0
            ? [.. sites.Sublayers.Where(IsTarget)]
            : throw new ArgumentException($"The method {Name} needs a model whose forward routes the ends of its sublayers: choose another method.");
    }
}
