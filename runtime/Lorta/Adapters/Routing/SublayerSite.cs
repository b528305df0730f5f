namespace Lorta.Adapters;

/// <summary>Where adapters act at a sublayer's output.</summary>
/// <param name="Layer">Index of the layer, from 0.</param>
/// <param name="Module">The module that closes the sublayer.</param>
public sealed record SublayerSite(int Layer, ISublayer Module)
{
    /// <summary>Which sublayer of the layer it is.</summary>
    public SublayerKind Kind => Module.Kind;
}
