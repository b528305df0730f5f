namespace Lorta;

/// <summary>Marks the member of a layer that is its self-attention, where several could be.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LortaAttentionAttribute : Attribute;
