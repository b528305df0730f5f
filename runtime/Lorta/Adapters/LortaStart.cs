using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>How factors start.</summary>
internal static class LortaStart
{
    /// <summary>
    /// The paper's start, from torch's generator: Kaiming-uniform with fan-in r, for A with a = sqrt(5), which is uniform
    /// within 1/sqrt(r), for the others with a = 0, which is uniform within sqrt(6/r). B is zero, so that the first forward is
    /// the base model's; where B is frozen, A is zero in its place.
    /// </summary>
    public static Tensor Factor(LortaFactor factor, long[] shape, LortaOptions options)
    {
        LortaFactor zero = options.Frozen.HasFlag(LortaFactor.B) ? LortaFactor.A : LortaFactor.B;
        if (factor == zero)
        {
            return zeros(shape);
        }

        double bound = factor == LortaFactor.A ? 1 / Math.Sqrt(options.Rank) : Math.Sqrt(6.0 / options.Rank);
        return empty(shape).uniform_(-bound, bound);
    }
}
