using Lorta.Generators.Cuda;
using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>Emitted kernels on the emulated device.</summary>
internal static class EmittedKernels
{
    private static readonly Lazy<KernelEnvironment> Environment = new(() => EmulatedCuda.Require().NewEnvironment());

    private interface IRank
    {
        static abstract int Value { get; }
    }

    private interface ISums
    {
        static abstract bool UseAtomics { get; }
    }

    /// <summary>The kernels of all modes for a rank; compiled once for all tests.</summary>
    public static LortaKernels Load(int rank, ActivationType type) => rank switch
    {
        1 => Load<Source<Rank1, Ordered>>(type),
        4 => Load<Source<Rank4, Ordered>>(type),
        8 => Load<Source<Rank8, Ordered>>(type),
        16 => Load<Source<Rank16, Ordered>>(type),
        64 => Load<Source<Rank64, Ordered>>(type),
        _ => throw new ArgumentOutOfRangeException(nameof(rank)),
    };

    /// <summary>The kernels of all modes for rank 8 that sum by atomics.</summary>
    public static LortaKernels LoadAtomic(ActivationType type) => Load<Source<Rank8, Atomic>>(type);

    private static LortaKernels Load<TSource>(ActivationType type)
        where TSource : ILortaKernelSource
    {
        EmulatedCuda.Require();
        KernelLoad load = LortaKernels.Load<TSource>(0, type, Environment.Value);
        return Assert.IsType<KernelLoad.Compiled>(load).Kernels;
    }

    private sealed class Rank1 : IRank
    {
        public static int Value => 1;
    }

    private sealed class Rank4 : IRank
    {
        public static int Value => 4;
    }

    private sealed class Rank8 : IRank
    {
        public static int Value => 8;
    }

    private sealed class Rank16 : IRank
    {
        public static int Value => 16;
    }

    private sealed class Rank64 : IRank
    {
        public static int Value => 64;
    }

    private sealed class Ordered : ISums
    {
        public static bool UseAtomics => false;
    }

    private sealed class Atomic : ISums
    {
        public static bool UseAtomics => true;
    }

    private sealed class Source<TRank, TSums> : ILortaKernelSource
        where TRank : IRank
        where TSums : ISums
    {
        public static int Rank => TRank.Value;

        public static bool HasHeads => true;

        public static bool HasCoefficients => true;

        public static bool UsesAtomics => TSums.UseAtomics;

        static string ILortaKernelSource.Source => KernelEmitter.Emit(new(Rank, HasHeads, HasCoefficients, UsesAtomics));
    }
}
