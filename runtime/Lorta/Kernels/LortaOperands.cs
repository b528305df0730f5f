namespace Lorta.Kernels;

/// <summary>What a call of the projections of one input multiplies it by: y_m += ((x D) * c_m) U^T.</summary>
/// <param name="Down">
/// D [in, rank]. In the paper's orientation A for Q, K and V, and the product of C_H and B for P; in the reference
/// orientation that product always.
/// </param>
/// <param name="Up">U [out, rank], the other one. Key and value heads of grouped queries use its first rows.</param>
/// <param name="Coefficients">c_m.</param>
/// <param name="Rows">The batch.</param>
/// <param name="Adapters">The number of adapters that the rows may name, at least 1.</param>
public sealed record LortaOperands(
    KernelFactor Down, KernelFactor Up, KernelCoefficients Coefficients, KernelRows Rows, int Adapters = 1);
