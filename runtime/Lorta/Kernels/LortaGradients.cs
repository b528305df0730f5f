namespace Lorta.Kernels;

/// <summary>Where the gradients of one side are added; those that are not wanted stay default.</summary>
/// <param name="Rows">Of the stored rows: A, or B.</param>
/// <param name="Heads">Of C_H, where it multiplies them.</param>
public readonly record struct FactorGradients(KernelGradient Rows, KernelGradient Heads = default);

/// <summary>Where the gradients of <see cref="LortaOperands"/> are added; those that are not wanted stay default.</summary>
/// <param name="Down">Of D.</param>
/// <param name="Up">Of U.</param>
/// <param name="Coefficients">Of c: a line for each projection.</param>
public sealed record LortaGradients(FactorGradients Down, FactorGradients Up, KernelGradient Coefficients);
