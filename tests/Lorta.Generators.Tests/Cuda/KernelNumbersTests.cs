using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>The emitted kernels, run on the emulated device, against dense updates by the definition.</summary>
public sealed class KernelNumbersTests
{
    private static readonly Lazy<KernelEnvironment> Environment = new(EmulatedCuda.NewEnvironment);

    public static MatrixTheoryData<int, ActivationType> Specs { get; } = new([.. EmittedKernels.Ranks], Enum.GetValues<ActivationType>());

    [Theory]
    [MemberData(nameof(Specs))]
    public void AgreeWithDenseUpdates(int rank, ActivationType type)
    {
        LortaKernels kernels = Kernels(rank, type);
        Assert.All(KernelComparison.Cases, @case => Assert.Null(KernelComparison.Compare(@case, kernels)));
    }

    [Fact]
    public void UnevenRanksAgreeWithDenseUpdates() => Assert.All(
        from rank in EmittedKernels.UnevenRanks from @case in KernelComparison.Cases select (rank, @case),
        each => Assert.Null(KernelComparison.Compare(each.@case, Kernels(each.rank, ActivationType.Float32))));

    [Fact]
    public void ManyAdaptersAgreeWithDenseUpdates() =>
        Assert.Null(KernelComparison.Compare(KernelComparison.ManyAdapters, Kernels(8, ActivationType.Float32)));

    [Fact]
    public void AtomicSumsAgreeWithDenseUpdates()
    {
        Toolchain.Require("g++");
        KernelLoad load = LortaKernels.Load<EmittedSource<Rank8, Atomic>>(0, ActivationType.BFloat16, Environment.Value);
        LortaKernels kernels = Assert.IsType<KernelLoad.Compiled>(load).Kernels;
        Assert.All(KernelComparison.Cases, @case => Assert.Null(KernelComparison.Compare(@case, kernels)));
    }

    [Fact]
    public void EveryRunGivesTheSameBits()
    {
        LortaKernels kernels = Kernels(8, ActivationType.Float32);
        KernelCase @case = Mixed();
        KernelProblem problem = new(@case, kernels.Rank, kernels.Type, seed: 5);
        using KernelRun first = new(@case, problem, kernels);
        using KernelRun second = new(@case, problem, kernels);
        Assert.Equal(first.Forward(), second.Forward());
        var (expected, actual) = (first.Backward(), second.Backward());
        Assert.Equal(expected.Input, actual.Input);
        Assert.Equal(expected.A, actual.A);
        Assert.Equal(expected.B, actual.B);
        Assert.Equal(expected.Heads, actual.Heads);
        Assert.Equal(expected.Coefficients, actual.Coefficients);
    }

    [Fact]
    public void AnAdapterThatIsNoNumberSpoilsOnlyItsOwnRows()
    {
        LortaKernels kernels = Kernels(8, ActivationType.Float32);
        KernelCase @case = Mixed();
        KernelProblem problem = new(@case, kernels.Rank, kernels.Type, seed: 6);
        KernelProblem spoiled = new(@case, kernels.Rank, kernels.Type, seed: 6);
        spoiled.A[1, 0, 0] = float.NaN;
        spoiled.B[1, 0, 0] = float.NaN;
        using KernelRun run = new(@case, problem, kernels);
        using KernelRun spoiledRun = new(@case, spoiled, kernels);
        double[,] output = run.Forward()[0];
        double[,] spoiledOutput = spoiledRun.Forward()[0];
        var gradients = run.Backward();
        var spoiledGradients = spoiledRun.Backward();
        foreach ((int row, int adapter) in problem.ActiveRows())
        {
            Assert.Equal(adapter == 1, double.IsNaN(spoiledOutput[row, 0]));
            Assert.True(adapter == 1 || output[row, 0] == spoiledOutput[row, 0]);
        }

        int adapterSize = gradients.B.Length / @case.Adapters;
        Assert.Equal(gradients.B[..adapterSize], spoiledGradients.B[..adapterSize]);
        Assert.Equal(gradients.B[(2 * adapterSize)..], spoiledGradients.B[(2 * adapterSize)..]);
    }

    private static KernelCase Mixed() => KernelComparison.Cases.First(@case => @case.Adapters == 3);

    private static LortaKernels Kernels(int rank, ActivationType type)
    {
        Toolchain.Require("g++");
        return Assert.IsType<KernelLoad.Compiled>(EmittedKernels.Load(rank, type, Environment.Value)).Kernels;
    }
}
