namespace Lorta.Kernels;

/// <summary>
/// The CUDA C of an adapter's kernels and what it was specialised by. Implemented by generated code, one type for each
/// annotated class.
/// </summary>
public interface ILortaKernelSource
{
    /// <summary>The number of rank-one terms where no other is asked for.</summary>
    static abstract int Rank { get; }

    /// <summary>Whether heads are a mode, so that one side of the update may be a Khatri-Rao product.</summary>
    static abstract bool HasHeads { get; }

    /// <summary>Whether layers or qkvp are a mode, so that the coefficients c have a gradient.</summary>
    static abstract bool HasCoefficients { get; }

    /// <summary>Whether gradients are summed by float atomics, in no fixed order.</summary>
    static abstract bool UsesAtomics { get; }

    /// <summary>The source, which includes no header and takes the type of activations as the macro LORTA_TYPE and the rank as LORTA_RANK.</summary>
    static abstract string Source { get; }
}
