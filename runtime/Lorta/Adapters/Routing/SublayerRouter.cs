using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Where the ends of a model's sublayers arrive: the active adapter of the calling code closes them, or the module itself.</summary>
public static class SublayerRouter
{
    /// <summary>Closes a sublayer.</summary>
    /// <param name="sublayer">The module that stands at its end.</param>
    /// <param name="output">The sublayer's output after its last projection and dropout [b, s, d].</param>
    /// <param name="residual">The sublayer's input [b, s, d].</param>
    /// <returns>The next sublayer's input [b, s, d].</returns>
    public static Tensor Close(ISublayer sublayer, Tensor output, Tensor residual) =>
        AdapterScope.TryFind(sublayer, out IActiveAdapter? adapter, out SublayerSite? site)
            ? adapter.Close(site, output, residual)
            : sublayer.Close(output, residual);
}
