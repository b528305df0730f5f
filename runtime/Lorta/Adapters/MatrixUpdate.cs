using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>The update of one attention matrix by one adapter.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Layer">Index of the layer, from 0.</param>
/// <param name="Matrix">Which of the four matrices.</param>
public readonly record struct MatrixUpdate(LortaAdapter Adapter, int Layer, AttentionMatrix Matrix)
{
    /// <summary>The update as a dense tensor, for looking at: the forward never builds it.</summary>
    /// <returns>A tensor [out, in].</returns>
    public Tensor Delta() => Adapter.Delta(Layer, Matrix);
}
