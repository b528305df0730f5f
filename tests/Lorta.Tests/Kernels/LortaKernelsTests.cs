using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Tests.Kernels;

/// <summary>Calls that no kernel is launched for.</summary>
public sealed class LortaKernelsTests
{
    private static readonly Lazy<KernelEnvironment> Environment = new(EmulatedCuda.NewEnvironment);
    private static readonly KernelActivations Activations = new(Data: 64, Stride: 8, Width: 8);
    private static readonly KernelFactor Plain = new(Rows: 64, RowsStride: 0);
    private static readonly KernelFactor Headed = new(Rows: 64, RowsStride: 0, Heads: 64, HeadsStride: 0, HeadWidth: 4);

    [Fact]
    public void RefusesAProductOfHeadsWhereHeadsAreNoMode()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Load().Down(Operands(Headed), Activations, products: 64));
        Assert.Equal("These kernels have no product of heads: heads are no mode.", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void RefusesACountOfProjectionsThatNoKernelTakes(int count)
    {
        KernelActivations[] outputs = [.. Enumerable.Repeat(Activations, count)];
        ArgumentException error = Assert.Throws<ArgumentException>(() => Load().Up(Operands(Plain), outputs, products: 64));
        Assert.StartsWith($"A call has one to 3 projections, not {count}.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesSizesUnderOne()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Load().Down(Operands(Plain), Activations with { Width = 0 }, products: 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load().Down(Operands(Plain) with { Adapters = 0 }, Activations, products: 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load().Down(Operands(Plain, rows: -1), Activations, products: 64));
    }

    [Fact]
    public void AnEmptyBatchLaunchesNothing()
    {
        LortaKernels kernels = Load();
        kernels.Down(Operands(Plain, rows: 0), Activations, products: 64);
        kernels.Up(Operands(Plain, rows: 0), [Activations], products: 64);
    }

    private static LortaOperands Operands(KernelFactor factor, int rows = 1) =>
        new(factor, new KernelCoefficients(Data: 64, MatrixStride: 1, AdapterStride: 0), new KernelRows(Map: 0, Adapters: 0, rows));

    private static LortaKernels Load()
    {
        Toolchain.Require("g++");
        return Assert.IsType<KernelLoad.Compiled>(LortaKernels.Load<Good>(0, ActivationType.Float32, Environment.Value)).Kernels;
    }
}
