using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The module that closes a sublayer of a model: it adds the residual and normalises. Its forward calls
/// <see cref="SublayerRouter.Close"/> in place of <see cref="Close"/>, so that adapters can act there.
/// </summary>
public interface ISublayer
{
    /// <summary>Which sublayer of its layer it closes.</summary>
    SublayerKind Kind { get; }

    /// <summary>Adds the residual and normalises.</summary>
    /// <param name="output">The sublayer's output after its last projection and dropout [b, s, d].</param>
    /// <param name="residual">The sublayer's input [b, s, d].</param>
    /// <returns>The next sublayer's input [b, s, d].</returns>
    Tensor Close(Tensor output, Tensor residual);
}
