using Lorta.Training;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Lorta.Tests.Training;

[Collection(GlobalGenerator.Name)]
public sealed class AdamWTests
{
    // A scalar that nothing holds is freed while libtorch reads it, if other threads make the garbage collector run at that moment.
    [Fact]
    public void GarbageCollectionsChangeNoNumber()
    {
        float[] expected = Train();
        using var done = new CancellationTokenSource();
        Thread[] collectors =
        [
            .. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                while (!done.IsCancellationRequested)
                {
                    GC.Collect(0);
                    GC.WaitForPendingFinalizers();
                }
            })),
        ];
        Array.ForEach(collectors, collector => collector.Start());
        try
        {
            Assert.Equal(expected, Train());
        }
        finally
        {
            done.Cancel();
            Array.ForEach(collectors, collector => collector.Join());
        }
    }

    [Fact]
    public void WithoutAGradientNothingChanges()
    {
        using var parameter = new Parameter(tensor(new[] { 1f, -2f }));
        using var optimizer = new AdamW(parameter, 0.9, 0.999, 1e-8);

        optimizer.Step(0.1, 0.5);

        Assert.Equal([1f, -2f], parameter.data<float>().ToArray());
        Assert.Equal(0, optimizer.Steps);
    }

    private static float[] Train()
    {
        using var parameter = new Parameter(tensor(new[] { 1f, -2f, 3f }));
        using var optimizer = new AdamW(parameter, 0.9, 0.999, 1e-8);
        parameter.grad = tensor(new[] { 0.1f, 0.2f, -0.3f });
        for (int step = 0; step < 20_000; step++)
        {
            optimizer.Step(1e-3, 0.01);
        }

        return [.. parameter.data<float>()];
    }
}
