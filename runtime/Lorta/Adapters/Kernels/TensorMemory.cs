using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Where a tensor's numbers are, on any device: TorchSharp itself tells it for the CPU only.</summary>
internal static unsafe class TensorMemory
{
    // Found as TorchSharp finds its library, so that both have the same one.
    private static readonly delegate* unmanaged<nint, nint> Data = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(
        NativeLibrary.Load("LibTorchSharp", typeof(Tensor).Assembly, searchPath: null), "THSTensor_data");

    /// <summary>The address of the first number, for as long as the tensor lives.</summary>
    public static nint Address(this Tensor tensor) => Data(tensor.Handle);
}
