namespace Lorta.Adapters;

/// <summary>A model that adapters attach to. The source generator implements it on classes with <see cref="LortaAdaptAttribute"/>.</summary>
public interface IAdaptable
{
    /// <summary>Where adapters act in this model.</summary>
    AdapterSites Sites { get; }
}
