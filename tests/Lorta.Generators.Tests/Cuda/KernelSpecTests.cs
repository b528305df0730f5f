using Lorta.Generators.Cuda;

namespace Lorta.Generators.Tests.Cuda;

public sealed class KernelSpecTests
{
    [Fact]
    public void RefusesRanksUnderOne() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelSpec(0, hasHeads: true, hasCoefficients: true));

    [Fact]
    public void EverythingInTheSpecChangesTheSource()
    {
        string[] sources =
        [
            .. from rank in new[] { 1, 4, 8, 9, 16, 64 }
               from heads in new[] { false, true }
               from coefficients in new[] { false, true }
               from atomics in new[] { false, true }
               select KernelEmitter.Emit(new(rank, heads, coefficients, atomics)),
        ];
        Assert.Equal(sources.Length, sources.Distinct().Count());
    }

    [Fact]
    public void TheSourceIncludesNoHeader() =>
        Assert.DoesNotContain("#include", KernelEmitter.Emit(new(8, hasHeads: true, hasCoefficients: true)), StringComparison.Ordinal);
}
