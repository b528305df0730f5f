using System.Runtime.CompilerServices;
using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>Activations in memory, by the types of .NET.</summary>
internal static class ActivationFormat
{
    public static int Size(ActivationType type) => type == ActivationType.Float32 ? sizeof(float) : sizeof(ushort);

    /// <summary>Half the distance of two neighbouring numbers at 1: what rounding to the type may cost.</summary>
    public static double Rounding(ActivationType type) => type switch
    {
        ActivationType.Float32 => Math.ScaleB(1, -24),
        ActivationType.Float16 => Math.ScaleB(1, -11),
        _ => Math.ScaleB(1, -8),
    };

    public static void Write(ActivationType type, Span<byte> at, double value)
    {
        switch (type)
        {
            case ActivationType.Float32:
                Unsafe.WriteUnaligned(ref at[0], (float)value);
                break;
            case ActivationType.Float16:
                Unsafe.WriteUnaligned(ref at[0], (Half)value);
                break;
            default:
                Unsafe.WriteUnaligned(ref at[0], (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
                break;
        }
    }

    public static double Read(ActivationType type, ReadOnlySpan<byte> at) => type switch
    {
        ActivationType.Float32 => Unsafe.ReadUnaligned<float>(in at[0]),
        ActivationType.Float16 => (double)Unsafe.ReadUnaligned<Half>(in at[0]),
        _ => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(in at[0]) << 16),
    };
}
