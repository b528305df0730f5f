using Lorta.Kernels;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>The emitted kernels, run on the emulated device, against dense updates by the definition.</summary>
public sealed class KernelNumbersTests
{
    private static readonly KernelCase[] Cases =
    [
        // The paper's orientation: Q, K, V, with grouped keys and values, and P.
        new(HeadSide.Output, Rows: 67, Input: 40, HeadWidth: 8, 40, 16, 16),
        new(HeadSide.Input, Rows: 67, Input: 40, HeadWidth: 8, 40),

        // The reference orientation, on fused and odd rows at odd addresses, of which some are left out.
        new(HeadSide.Input, Rows: 70, Input: 39, HeadWidth: 13, 39, 26, 26) { Adapters = 3, IsRagged = true, Gap = 3 },
        new(HeadSide.Output, Rows: 5, Input: 7, HeadWidth: 3, 9, 6) { Adapters = 5, IsRagged = true, Gap = 1 },

        // Wider than a tile, without heads.
        new(HeadSide.None, Rows: 3, Input: 264, HeadWidth: 0, 300),
        new(HeadSide.Output, Rows: 1, Input: 1, HeadWidth: 1, 1),
        new(HeadSide.Output, Rows: 0, Input: 8, HeadWidth: 4, 8),
    ];

    public static MatrixTheoryData<int, ActivationType> Specs { get; } = new([1, 4, 8, 16, 64], Enum.GetValues<ActivationType>());

    [Theory]
    [MemberData(nameof(Specs))]
    public void AgreeWithDenseUpdates(int rank, ActivationType type)
    {
        LortaKernels kernels = EmittedKernels.Load(rank, type);
        foreach (KernelCase @case in Cases)
        {
            AssertAgrees(@case, rank, type, kernels);
        }
    }

    [Fact]
    public void AtomicSumsAgreeWithDenseUpdates() =>
        AssertAgrees(Cases[2], rank: 8, ActivationType.BFloat16, EmittedKernels.LoadAtomic(ActivationType.BFloat16));

    [Fact]
    public void EveryRunGivesTheSameBits()
    {
        LortaKernels kernels = EmittedKernels.Load(8, ActivationType.Float32);
        KernelProblem problem = new(Cases[2], kernels.Rank, kernels.Type, seed: 5);
        using KernelRun first = new(Cases[2], problem, kernels);
        using KernelRun second = new(Cases[2], problem, kernels);
        Assert.Equal(first.Forward(), second.Forward());
        var (expected, actual) = (first.Backward(), second.Backward());
        Assert.Equal(expected.Input, actual.Input);
        Assert.Equal(expected.A, actual.A);
        Assert.Equal(expected.B, actual.B);
        Assert.Equal(expected.Heads, actual.Heads);
        Assert.Equal(expected.Coefficients, actual.Coefficients);
    }

    private static void AssertAgrees(KernelCase @case, int rank, ActivationType type, LortaKernels kernels)
    {
        KernelProblem problem = new(@case, rank, type, seed: rank);
        using KernelRun run = new(@case, problem, kernels);
        double rounding = ActivationFormat.Rounding(type);
        double[][,] outputs = run.Forward();
        double[][,] expectedOutputs = problem.Forward();
        for (int m = 0; m < outputs.Length; m++)
        {
            AssertClose($"{@case}: output {m}", expectedOutputs[m], outputs[m], rounding);
        }

        var expected = problem.Backward();
        var actual = run.Backward();
        AssertClose($"{@case}: input", expected.Input, actual.Input, rounding);
        AssertClose($"{@case}: A", expected.A, actual.A, rounding: 0);
        AssertClose($"{@case}: B", expected.B, actual.B, rounding: 0);
        AssertClose($"{@case}: C_H", expected.Heads, actual.Heads, rounding: 0);
        AssertClose($"{@case}: c", expected.Coefficients, actual.Coefficients, rounding: 0);
    }

    /// <summary>Within the last bits of float32 sums, and one rounding to the type of activations.</summary>
    private static void AssertClose(string what, Array expected, Array actual, double rounding)
    {
        Assert.Equal(expected.Length, actual.Length);
        double[] wanted = [.. expected.Cast<double>()];
        double[] found = [.. actual.Cast<object>().Select(Convert.ToDouble)];
        double scale = wanted.Append(1).Max(Math.Abs);
        for (int i = 0; i < wanted.Length; i++)
        {
            double allowed = (rounding * Math.Abs(wanted[i]) * 1.01) + (2e-6 * scale);
            Assert.True(Math.Abs(wanted[i] - found[i]) <= allowed, $"{what} [{i}]: {found[i]:R} instead of {wanted[i]:R}, more than {allowed:E1} off");
        }
    }
}
