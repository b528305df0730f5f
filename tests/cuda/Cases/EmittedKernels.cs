using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>The ranks that emitted kernels are checked at.</summary>
internal static class EmittedKernels
{
    /// <summary>Those that slices fit.</summary>
    public static IReadOnlyList<int> Ranks { get; } = [1, 4, 8, 16, 64];

    /// <summary>One whose last slice is shorter, and one above the threads of a block.</summary>
    public static IReadOnlyList<int> UnevenRanks { get; } = [17, 260];

    /// <summary>The kernels of all modes for one of the ranks.</summary>
    public static KernelLoad Load(int rank, ActivationType type, KernelEnvironment environment) => rank switch
    {
        1 => LortaKernels.Load<EmittedSource<Rank1, Ordered>>(0, type, environment),
        4 => LortaKernels.Load<EmittedSource<Rank4, Ordered>>(0, type, environment),
        8 => LortaKernels.Load<EmittedSource<Rank8, Ordered>>(0, type, environment),
        16 => LortaKernels.Load<EmittedSource<Rank16, Ordered>>(0, type, environment),
        17 => LortaKernels.Load<EmittedSource<Rank17, Ordered>>(0, type, environment),
        64 => LortaKernels.Load<EmittedSource<Rank64, Ordered>>(0, type, environment),
        260 => LortaKernels.Load<EmittedSource<Rank260, Ordered>>(0, type, environment),
        _ => throw new ArgumentOutOfRangeException(nameof(rank)),
    };
}
