using Lorta.Generators.Cuda;
using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>The emitted kernels of all modes for a rank.</summary>
internal sealed class EmittedSource<TRank, TSums> : ILortaKernelSource
    where TRank : IRank
    where TSums : ISums
{
    public static int Rank => TRank.Value;

    public static bool HasHeads => true;

    public static bool HasCoefficients => true;

    public static bool UsesAtomics => TSums.UseAtomics;

    public static string Source => KernelEmitter.Emit(new(Rank, HasHeads, HasCoefficients, UsesAtomics));
}

internal interface IRank
{
    static abstract int Value { get; }
}

internal interface ISums
{
    static abstract bool UseAtomics { get; }
}

internal sealed class Rank1 : IRank
{
    public static int Value => 1;
}

internal sealed class Rank4 : IRank
{
    public static int Value => 4;
}

internal sealed class Rank8 : IRank
{
    public static int Value => 8;
}

internal sealed class Rank16 : IRank
{
    public static int Value => 16;
}

internal sealed class Rank17 : IRank
{
    public static int Value => 17;
}

internal sealed class Rank64 : IRank
{
    public static int Value => 64;
}

internal sealed class Rank260 : IRank
{
    public static int Value => 260;
}

internal sealed class Ordered : ISums
{
    public static bool UseAtomics => false;
}

internal sealed class Atomic : ISums
{
    public static bool UseAtomics => true;
}
