using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>Whether bfloat16 is worth computing in: without instructions for it, libtorch is slower in it than in float32.</summary>
internal static class BFloat16Arithmetic
{
    private const int ExtendedFeatures = 7;
    private const int Avx512BFloat16 = 1 << 5;

    // Every processor with AMX's bfloat16 has AVX-512's, too.
    private static readonly bool IsInstruction = Avx512F.IsSupported
        && X86Base.CpuId(ExtendedFeatures, 0).Eax >= 1
        && (X86Base.CpuId(ExtendedFeatures, 1).Eax & Avx512BFloat16) != 0;

    /// <summary>Whether a device computes in bfloat16: any but a processor with neither AVX512-BF16 nor AMX.</summary>
    public static bool IsSupportedOn(Device device) => device.type != DeviceType.CPU || IsInstruction;
}
