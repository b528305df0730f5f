using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>Runs kernels on a problem, and compares with the definition.</summary>
internal static class KernelComparison
{
    /// <summary>Calls of every kind: orientations, grouped queries, odd sizes and addresses, mixed adapters, empty rows.</summary>
    public static IReadOnlyList<KernelCase> Cases { get; } =
    [
        // The paper's orientation: Q, K, V, with grouped keys and values, and P.
        new(HeadSide.Output, Rows: 67, Input: 40, HeadWidth: 8, 40, 16, 16),
        new(HeadSide.Input, Rows: 67, Input: 40, HeadWidth: 8, 40),

        // The reference orientation, on odd rows at odd addresses, of which some are left out.
        new(HeadSide.Input, Rows: 70, Input: 39, HeadWidth: 13, 39, 26, 26) { Adapters = 3, IsRagged = true, Gap = 3 },
        new(HeadSide.Output, Rows: 5, Input: 7, HeadWidth: 3, 9, 6) { Adapters = 5, IsRagged = true, Gap = 1 },

        // Wider than a tile, without heads; the smallest; none.
        new(HeadSide.None, Rows: 3, Input: 264, HeadWidth: 0, 300),
        new(HeadSide.Output, Rows: 1, Input: 1, HeadWidth: 1, 1),
        new(HeadSide.Output, Rows: 0, Input: 8, HeadWidth: 4, 8),
    ];

    /// <summary>More adapters than blocks that a sum over the rows is split into, so that a block sums many tiles of rows.</summary>
    public static KernelCase ManyAdapters { get; } = new(HeadSide.Output, Rows: 150, Input: 7, HeadWidth: 3, 9) { Adapters = 520 };

    /// <summary>Null, or the first number that is wrong.</summary>
    public static string? Compare(KernelCase @case, LortaKernels kernels)
    {
        KernelProblem problem = new(@case, kernels.Rank, kernels.Type, seed: kernels.Rank);
        using KernelRun run = new(@case, problem, kernels);
        double rounding = ActivationFormat.Rounding(kernels.Type);
        double[][,] outputs = run.Forward();
        double[][,] expectedOutputs = problem.Forward();
        var actual = run.Backward();
        var expected = problem.Backward();
        string? error = null;
        for (int m = 0; m < outputs.Length; m++)
        {
            error ??= Difference($"output {m}", expectedOutputs[m], outputs[m], rounding);
        }

        error ??= Difference("gradient of x", expected.Input, actual.Input, rounding)
            ?? Difference("gradient of A", expected.A, actual.A)
            ?? Difference("gradient of B", expected.B, actual.B)
            ?? Difference("gradient of C_H", expected.Heads, actual.Heads)
            ?? Difference("gradient of c", expected.Coefficients, actual.Coefficients);
        return error is null ? null : $"rank {kernels.Rank}, {kernels.Type}, {@case}: {error}";
    }

    /// <summary>Within the last bits of float32 sums, and one rounding to the type of activations.</summary>
    private static string? Difference(string what, Array expected, Array actual, double rounding = 0)
    {
        double[] wanted = [.. expected.Cast<double>()];
        double[] found = [.. actual.Cast<object>().Select(Convert.ToDouble)];
        double scale = wanted.Append(1).Max(Math.Abs);
        for (int i = 0; i < wanted.Length; i++)
        {
            double allowed = (rounding * Math.Abs(wanted[i]) * 1.01) + (2e-6 * scale);
            if (!(Math.Abs(wanted[i] - found[i]) <= allowed))
            {
                return $"{what} [{i}] is {found[i]:R} instead of {wanted[i]:R}, more than {allowed:E1} off";
            }
        }

        return null;
    }
}
