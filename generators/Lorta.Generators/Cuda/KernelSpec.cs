using System;

namespace Lorta.Generators.Cuda;

/// <summary>What the text of the kernels depends on. Everything else is an argument of their launches.</summary>
/// <remarks>
/// The orientation is such an argument: it says which of the two sides of an update meets the input, and a backward
/// pass runs the opposite kernel on either side.
/// </remarks>
internal sealed record KernelSpec
{
    /// <summary>The most ranks whose sums a thread keeps in registers at once.</summary>
    public const int WidestSlice = 8;

    /// <param name="rank">The number of rank-one terms where the compilation names no other, at least 1.</param>
    /// <param name="hasHeads">Whether heads are a mode, so that one side is the Khatri-Rao product of C_H and B.</param>
    /// <param name="hasCoefficients">Whether layers or qkvp are a mode, so that the coefficients are trained.</param>
    /// <param name="usesAtomics">Whether gradients may be summed by float atomics, in no fixed order.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is under 1.</exception>
    public KernelSpec(int rank, bool hasHeads, bool hasCoefficients, bool usesAtomics = false)
    {
        if (rank < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, "A rank is at least 1.");
        }

        (Rank, HasHeads, HasCoefficients, UsesAtomics) = (rank, hasHeads, hasCoefficients, usesAtomics);
    }

    /// <summary>The number of rank-one terms where the compilation names no other.</summary>
    public int Rank { get; }

    /// <summary>Whether heads are a mode.</summary>
    public bool HasHeads { get; }

    /// <summary>Whether layers or qkvp are a mode.</summary>
    public bool HasCoefficients { get; }

    /// <summary>Whether gradients are summed by float atomics.</summary>
    public bool UsesAtomics { get; }
}
