namespace Lorta;

/// <summary>
/// Marks a TorchSharp model class for LoRTA. The source generator finds its attention layers and emits, on the same
/// partial class, <c>AttachLorta</c>, a typed adapter, and the routing of the projections' calls through it.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LortaAdaptAttribute : Attribute
{
    /// <summary>The rank r of the CP decomposition: at least 1, at most the model's width.</summary>
    public int Rank { get; set; } = 8;

    /// <summary>The numerator of the scaling alpha/r: finite.</summary>
    public double Alpha { get; set; } = 8;

    /// <summary>The modes, a comma-separated subset of <c>heads,layers,qkvp</c>; empty for none.</summary>
    public string Modes { get; set; } = "heads,layers,qkvp";

    /// <summary>Which side of a weight the head mode indexes.</summary>
    public HeadOrientation Orientation { get; set; }

    /// <summary>Scales by alpha/sqrt(r) instead of alpha/r.</summary>
    public bool RankStabilized { get; set; }

    /// <summary>The dropout probability on the adapter's input while training: at least 0, below 1.</summary>
    public double Dropout { get; set; }

    /// <summary>Which of the four matrices get an update.</summary>
    public AttentionMatrices Targets { get; set; } = AttentionMatrices.All;
}
