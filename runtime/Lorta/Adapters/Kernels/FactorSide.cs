using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>One side of an update as it is stored: A or B, or the Khatri-Rao product of C_H and B.</summary>
/// <param name="Rows">A [d, r], or B [d/H or d, r].</param>
/// <param name="Heads">C_H [H, r] where it multiplies B, else null.</param>
internal readonly record struct FactorSide(Tensor Rows, Tensor? Heads);
