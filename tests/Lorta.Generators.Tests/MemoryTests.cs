using System.Globalization;
using Lorta.Adapters;
using Lorta.Generators.Tests.Models;
using Lorta.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Generators.Tests;

/// <summary>Runs alone, because it watches the memory of the whole process.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class MemoryTests
{
    private const int Width = 2048;
    private const long MatrixBytes = sizeof(float) * (long)Width * Width;

    [Fact]
    public void AStepAllocatesNoMatrixOfTheModelsWidth()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The peak of the resident memory is read from /proc.");
        using DisposeScope scope = NewDisposeScope();
        using var model = new SingleLayerModel(Width);
        foreach (TorchSharp.Modules.Parameter weight in model.parameters())
        {
            weight.requires_grad = false;
        }

        using SingleLayerModelLorta lorta = model.AttachLorta();
        Tensor x = randn(1, 4, Width);
        Step();
        Assert.InRange(PeakOf(Step), long.MinValue, MatrixBytes / 2);
        Assert.InRange(PeakOf(() => lorta.Layers[0].Query.Delta().Dispose()), MatrixBytes / 2, long.MaxValue);

        void Step()
        {
            using DisposeScope inner = NewDisposeScope();
            using AdapterScope use = lorta.Use();
            model.forward(x).sum().backward();
        }
    }

    /// <summary>By how much the resident memory rises at most while something runs, in bytes.</summary>
    private static long PeakOf(Action action)
    {
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5");
        long before = Status("VmRSS");
        action();
        return Status("VmHWM") - before;
    }

    private static long Status(string field) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
