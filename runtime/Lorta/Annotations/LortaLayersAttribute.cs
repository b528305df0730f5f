namespace Lorta;

/// <summary>Marks the member that holds the layers, where its name is unusual: a module list, an array or a list of modules.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LortaLayersAttribute : Attribute;
