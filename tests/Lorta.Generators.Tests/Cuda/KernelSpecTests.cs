using FsCheck.Xunit;
using Lorta.Generators.Cuda;

namespace Lorta.Generators.Tests.Cuda;

public sealed class KernelSpecTests
{
    private const int WidestSlice = 8;

    [Property]
    public void SlicesCoverTheRankAndNoneIsEmpty(FsCheck.PositiveInt rank)
    {
        KernelSpec spec = new(rank.Get, hasHeads: true, hasCoefficients: true);
        Assert.InRange(spec.Slice, 1, WidestSlice);
        Assert.InRange(spec.Slice * spec.Slices, spec.Rank, spec.Rank + WidestSlice - 1);
        Assert.True(spec.Slice * (spec.Slices - 1) < spec.Rank);
    }

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
