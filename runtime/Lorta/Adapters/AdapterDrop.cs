using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>AdapterDrop, specialised: Adapter-P without networks in the lowest layers, in training and after it (Rücklé et al., 2021).</summary>
public sealed record AdapterDrop : PfeifferAdapters
{
    internal new const string MethodName = "adapterdrop";

    /// <summary>The lowest layers, which have no network: at least 0, fewer than the model has.</summary>
    public int DroppedLayers { get; init; } = 5;

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override long ParameterCount(AttentionLayout layout) => (layout.Layers - DroppedLayers) * OfOne(layout);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["dropped_layers"] = DroppedLayers;
        return json;
    }

    internal static new AdapterDrop FromJson(JsonFile options) => (AdapterDrop)new AdapterDrop().WithJson(options) with
    {
        DroppedLayers = options.GetInt32("dropped_layers"),
    };

    private protected override bool IsTarget(SublayerSite site) => base.IsTarget(site) && site.Layer >= DroppedLayers;

    private protected override void Validate(AttentionLayout layout)
    {
        base.Validate(layout);
        if (DroppedLayers < 0 || DroppedLayers >= layout.Layers)
        {
            throw new ArgumentOutOfRangeException(
                nameof(DroppedLayers), $"DroppedLayers is {DroppedLayers}: choose from 0 to {layout.Layers - 1}, as the model has {layout.Layers} layers (in text, dropped_layers).");
        }
    }
}
