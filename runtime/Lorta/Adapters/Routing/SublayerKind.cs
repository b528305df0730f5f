namespace Lorta.Adapters;

/// <summary>A sublayer of a transformer layer.</summary>
public enum SublayerKind
{
    /// <summary>Self-attention.</summary>
    Attention,

    /// <summary>The feed-forward network.</summary>
    FeedForward,
}
