namespace Lorta.Kernels;

/// <summary>
/// What a call multiplies by, of the update y_m += ((x D) * c_m) U^T of the projections that read one x.
/// </summary>
/// <param name="Factor">
/// D [in, rank] for the calls named down, U [out, rank] for those named up. In the paper's orientation D is A for Q, K and V, and
/// the product of C_H and B for P; in the reference orientation that product always. U is the other one. Key and value heads of
/// grouped queries use its first rows.
/// </param>
/// <param name="Coefficients">c_m.</param>
/// <param name="Rows">The batch.</param>
/// <param name="Adapters">The number of adapters that the rows may name, at least 1.</param>
public sealed record LortaOperands(KernelFactor Factor, KernelCoefficients Coefficients, KernelRows Rows, int Adapters = 1);
