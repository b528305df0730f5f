namespace Lorta.Kernels;

/// <summary>Where the gradients of one side are added; those that are not wanted stay default.</summary>
/// <param name="Rows">Of the stored rows: A, or B.</param>
/// <param name="Heads">Of C_H, where it multiplies them.</param>
public readonly record struct FactorGradients(KernelGradient Rows, KernelGradient Heads = default);
