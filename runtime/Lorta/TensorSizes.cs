using static TorchSharp.torch;

namespace Lorta;

/// <summary>
/// The sizes of a tensor where a forward needs them: <see cref="Tensor.shape"/> fills an array through a callback into .NET, which takes
/// half a microsecond or more, where reading one size takes some nanoseconds.
/// </summary>
internal static class TensorSizes
{
    /// <summary>All sizes but the last, and another last.</summary>
    public static long[] SizesWithLast(this Tensor tensor, long last)
    {
        var sizes = new long[tensor.dim()];
        for (int i = 0; i < sizes.Length - 1; i++)
        {
            sizes[i] = tensor.size(i);
        }

        sizes[^1] = last;
        return sizes;
    }
}
