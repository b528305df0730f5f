using System.Text.RegularExpressions;
using Lorta.Generators.Cuda;
using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>What clang makes of the emitted source, as it is, for a GPU.</summary>
public sealed partial class PtxTests
{
    private const int WarpRows = 8;

    public static MatrixTheoryData<int, string, ActivationType> Compilations { get; } =
        new([1, 8, 64], ["sm_80", "sm_90"], Enum.GetValues<ActivationType>());

    [Theory]
    [MemberData(nameof(Compilations))]
    public void EveryKernelCompiles(int rank, string architecture, ActivationType type)
    {
        KernelSpec spec = new(rank, hasHeads: true, hasCoefficients: true);
        Dictionary<string, string> kernels = Compile(spec, type, architecture);
        Assert.Equal(
            [
                "lorta_coefficient_gradient", "lorta_down_heads", "lorta_down_plain", "lorta_factor_gradient",
                "lorta_head_gradient", "lorta_sum_parts", "lorta_up_heads", "lorta_up_plain",
            ],
            kernels.Keys.Order(StringComparer.Ordinal));

        int vector = type == ActivationType.Float32 ? 4 : 8;
        foreach ((string name, string body) in kernels)
        {
            Assert.DoesNotContain(".local", body, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"\b(atom|red)\.", body);
            bool reads = name.Contains("_down_", StringComparison.Ordinal) || name.Contains("_up_", StringComparison.Ordinal) || name == "lorta_factor_gradient";
            bool writes = name.Contains("_up_", StringComparison.Ordinal);
            Assert.Equal(reads ? WarpRows : 0, Regex.Count(body, @"ld\.global\.v4\.u32"));
            Assert.Equal(writes ? WarpRows : 0, Regex.Count(body, @"st\.global\.v4\.u32"));
            if (reads)
            {
                // No loop over the ranks of a slice, the numbers of a vector or the rows of a warp is left. The few more are
                // the sum over the terms.
                int unrolled = vector * Math.Min(rank, KernelSpec.WidestSlice) * WarpRows;
                Assert.InRange(Regex.Count(body, @"\bfma\.rn\.f32"), unrolled, unrolled + WarpRows);
            }
        }
    }

    [Fact]
    public void WithoutModesThereAreNoKernelsForThem()
    {
        Dictionary<string, string> kernels = Compile(new(8, hasHeads: false, hasCoefficients: false), ActivationType.BFloat16);
        Assert.Equal(
            ["lorta_down_plain", "lorta_factor_gradient", "lorta_sum_parts", "lorta_up_plain"],
            kernels.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AtomicsComeOnlyWhereAskedFor()
    {
        KernelSpec spec = new(8, hasHeads: true, hasCoefficients: true, usesAtomics: true);
        Dictionary<string, string> kernels = Compile(spec, ActivationType.Float16);
        Assert.DoesNotContain("lorta_sum_parts", kernels.Keys);
        string[] atomic = [.. kernels.Where(kernel => Regex.IsMatch(kernel.Value, @"\b(atom|red)\.")).Select(kernel => kernel.Key)];
        Assert.Equal(["lorta_coefficient_gradient", "lorta_factor_gradient"], atomic.Order(StringComparer.Ordinal));
        Assert.All(kernels.Values, body => Assert.DoesNotContain(".local", body, StringComparison.Ordinal));
    }

    [Fact]
    public void HalvesAreConvertedByTheDevice()
    {
        Dictionary<string, string> kernels = Compile(new(1, hasHeads: false, hasCoefficients: false), ActivationType.Float16);
        Assert.Contains("cvt.f32.f16", kernels["lorta_down_plain"], StringComparison.Ordinal);
        Assert.Contains("cvt.rn.f16.f32", kernels["lorta_up_plain"], StringComparison.Ordinal);
    }

    /// <summary>The kernels of a source: the PTX of each by its name.</summary>
    private static Dictionary<string, string> Compile(KernelSpec spec, ActivationType type, string architecture = "sm_80")
    {
        Toolchain.Require("clang-16");
        string folder = Directory.CreateTempSubdirectory("lorta-ptx-").FullName;
        try
        {
            string source = Path.Combine(folder, "kernels.cu");
            string ptx = Path.Combine(folder, "kernels.ptx");
            File.WriteAllText(source, KernelEmitter.Emit(spec));
            Toolchain.Run(
                "clang-16", "-x", "cuda", "--cuda-device-only", "-nocudainc", "-nocudalib", "--cuda-feature=+ptx78",
                $"--cuda-gpu-arch={architecture}", "-include", Path.Combine(Toolchain.Sources, "clang_builtins.h"),
                "-std=c++17", "-O3", "-Wall", "-Wextra", "-Wno-sign-compare", "-Werror", $"-DLORTA_TYPE={(int)type}", "-S", source, "-o", ptx);
            return Entry().Matches(File.ReadAllText(ptx)).ToDictionary(match => match.Groups[1].Value, match => match.Value);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"^\.visible \.entry (\w+)\([^)]*\).*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Entry();
}
