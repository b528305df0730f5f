using System.Numerics;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Draws the factors that a LoRTA adapter starts from, by torch's generator.</summary>
internal static class StartingFactors
{
    private const LortaFactor Coefficients = LortaFactor.Head | LortaFactor.Layer | LortaFactor.Matrix;

    // At rank 8 and alpha/r three coefficients of standard deviation 1/2 each, as in the paper's start.
    private static readonly double FirstSize = 1 / (16 * Math.Sqrt(2));

    /// <summary>A factor.</summary>
    /// <param name="factor">Which.</param>
    /// <param name="shape">Its shape; the last size is the rank.</param>
    /// <param name="options">What the adapter is.</param>
    public static Tensor Draw(LortaFactor factor, long[] shape, LortaOptions options)
    {
        LortaFactor zero = options.Frozen.HasFlag(LortaFactor.B) ? LortaFactor.A : LortaFactor.B;
        return factor == zero ? zeros(shape) : Uniform(shape, options.Start == LortaStart.Paper ? Paper(factor, options) : Balanced(factor, shape, options));
    }

    private static double Paper(LortaFactor factor, LortaOptions options) => (factor == LortaFactor.A ? 1 : Math.Sqrt(6)) / Math.Sqrt(options.Rank);

    private static double Balanced(LortaFactor factor, long[] shape, LortaOptions options)
    {
        if (!Coefficients.HasFlag(factor))
        {
            return Math.Sqrt(3.0 / shape[^2]); // [..., d, r]
        }

        double product = FirstSize / (options.ScalingOfAlpha * Math.Sqrt(options.Rank));
        return Math.Sqrt(3) * Math.Pow(product, 1.0 / BitOperations.PopCount((uint)options.Modes));
    }

    /// <summary>Uniform within a bound, so with standard deviation bound/sqrt(3).</summary>
    private static Tensor Uniform(long[] shape, double bound) => empty(shape).uniform_(-bound, bound);
}
