namespace Lorta;

/// <summary>Marks the integer member that is the number of key and value heads of grouped-query attention, where its name is unusual.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LortaKeyValueHeadsAttribute : Attribute;
