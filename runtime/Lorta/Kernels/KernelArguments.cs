using System.Runtime.InteropServices;

namespace Lorta.Kernels;

// The structs of the kernels' source, field by field. Pointers are of the device; 0 stands for none.

/// <summary>The rows of a batch, which may be ragged and may mix adapters.</summary>
/// <param name="Map">int32 [count]: the row of the activations that a row of the batch is, negative for none; or 0, where they are the same.</param>
/// <param name="Adapters">int32 [count]: the adapter that each row uses, negative for none; or 0, where all use adapter 0.</param>
/// <param name="Count">The number of rows.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelRows(nint Map, nint Adapters, int Count);

/// <summary>Activations, one row for each token.</summary>
/// <param name="Data">The first row's first number. Rows that begin at multiples of 16 bytes are read and written fastest.</param>
/// <param name="Stride">From one row to the next, in numbers.</param>
/// <param name="Width">The numbers of a row.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelActivations(nint Data, long Stride, int Width);

/// <summary>
/// One side of the update, float32 [width, rank]: rows as they are stored, or the Khatri-Rao product of C_H [heads, rank]
/// and B [head width, rank], whose row (h, j) is C_H[h] * B[j].
/// </summary>
/// <param name="Rows">The stored rows: A, or B.</param>
/// <param name="RowsStride">From one adapter's rows to the next's, in numbers.</param>
/// <param name="Heads">C_H, or 0.</param>
/// <param name="HeadsStride">From one adapter's C_H to the next's, in numbers.</param>
/// <param name="HeadWidth">The rows of B where C_H multiplies them, else 0.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelFactor(nint Rows, long RowsStride, nint Heads = 0, long HeadsStride = 0, int HeadWidth = 0);

/// <summary>c = scaling * C_L[l] * C_M[m], float32 [rank] for each projection of a call.</summary>
/// <param name="Data">The first projection's.</param>
/// <param name="MatrixStride">From one projection to the next, in numbers.</param>
/// <param name="AdapterStride">From one adapter to the next, in numbers.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelCoefficients(nint Data, long MatrixStride, long AdapterStride);

/// <summary>Where a gradient is added, float32 [adapters, lines, rank].</summary>
/// <param name="Data">The first number; 0 where the gradient is not wanted.</param>
/// <param name="LineStride">From one line to the next, in numbers.</param>
/// <param name="AdapterStride">From one adapter to the next, in numbers.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct KernelGradient(nint Data, long LineStride, long AdapterStride);

/// <summary>Up to three projections.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Projections(KernelActivations First, KernelActivations Second, KernelActivations Third)
{
    public Projections(ReadOnlySpan<KernelActivations> all)
        : this(all[0], all.Length > 1 ? all[1] : default, all.Length > 2 ? all[2] : default)
    {
    }
}

/// <summary>Products [terms, rows, rank].</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Products(nint Data, int Terms);

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct DownCall(Projections Inputs, KernelFactor Factor, nint Products, KernelRows Rows);

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct UpCall(
    Projections Outputs, KernelFactor Factor, Products Products, KernelCoefficients Coefficients, KernelRows Rows, int ColumnTiles);

/// <summary>The last field is the gradient with atomics, and the parts without: <typeparamref name="TTarget"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FactorGradientCall<TTarget>(
    Projections Activations, int Matrices, int Width, Products Products, KernelCoefficients Coefficients, KernelRows Rows, TTarget Target)
    where TTarget : unmanaged;

/// <summary>The last field as in <see cref="FactorGradientCall{TTarget}"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CoefficientGradientCall<TTarget>(nint Forward, nint Backward, int Terms, KernelRows Rows, TTarget Target)
    where TTarget : unmanaged;

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SumPartsCall(nint Parts, int Count, int Lines, KernelGradient Gradient);

[StructLayout(LayoutKind.Sequential)]
internal readonly record struct HeadGradientCall(KernelFactor Factor, nint Product, int Count, KernelGradient Heads, KernelGradient Rows);
