using TorchSharp;
using static TorchSharp.torch;

namespace Lorta;

/// <summary>
/// Tensor arithmetic whose scalars outlive the call. TorchSharp passes a scalar's handle on without keeping the scalar alive,
/// so a collection on another thread can free it in mid-call; <c>a + b</c> makes such a scalar, the factor 1 of b.
/// </summary>
internal static class HeldScalars
{
    private static readonly Scalar Zero = 0;
    private static readonly Scalar One = 1;

    /// <summary>The sum of two tensors, broadcast.</summary>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>A tensor plus a number, which the caller holds.</summary>
    public static Tensor Plus(this Tensor left, Scalar right) => left.add(right, One);

    /// <summary>0, 1, ..., count - 1 [count], int64.</summary>
    public static Tensor Counting(long count, Device device)
    {
        Scalar end = count;
        Tensor numbers = arange(Zero, end, One, ScalarType.Int64, device);
        GC.KeepAlive(end);
        return numbers;
    }
}
