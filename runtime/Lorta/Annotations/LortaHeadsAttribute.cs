namespace Lorta;

/// <summary>Marks the integer member that is the number of attention heads, where its name is unusual.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LortaHeadsAttribute : Attribute;
