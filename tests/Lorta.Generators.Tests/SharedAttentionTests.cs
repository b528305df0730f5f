using Lorta.Adapters;
using Lorta.Generators.Tests.Models;
using Lorta.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Generators.Tests;

/// <summary>One attention class under several models, threads and sequences; merging is the measure of what is right.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class SharedAttentionTests
{
    [Fact]
    public void TwoModelsOfDifferentRankTakeTurnsOnOneAttentionClass()
    {
        using DisposeScope scope = NewDisposeScope();
        using var narrow = new NarrowModel();
        using var wide = new WideModel();
        using NarrowModelLorta narrowLorta = narrow.AttachLorta();
        using WideModelLorta wideLorta = wide.AttachLorta();
        RoutingTests.Randomise(narrowLorta);
        RoutingTests.Randomise(wideLorta);
        (Tensor x8, Tensor m8, Tensor x16, Tensor m16) = (randn(1, 3, 8), randn(1, 4, 8), randn(1, 3, 16), randn(1, 4, 16));
        (Tensor expected8, Tensor expected16) = (Merged(narrowLorta, () => narrow.forward(x8, m8)), Merged(wideLorta, () => wide.forward(x16, m16)));
        using (narrowLorta.Use())
        using (wideLorta.Use())
        {
            for (int turn = 0; turn < 3; turn++)
            {
                AssertNear(expected8, narrow.forward(x8, m8));
                AssertNear(expected16, wide.forward(x16, m16));
            }
        }

        Assert.Equal(2, narrowLorta.A.shape[^1]);
        Assert.Equal(5, wideLorta.A.shape[^1]);
    }

    [Fact]
    public void KeysOfAnotherSequenceAreNotMixedUp()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new WideModel();
        using WideModelLorta lorta = model.AttachLorta();
        RoutingTests.Randomise(lorta);
        (Tensor x, Tensor memory) = (randn(1, 3, 16), randn(1, 3, 16));
        Tensor crossed = Merged(lorta, () => model.forward(x, memory));
        Tensor own = Merged(lorta, () => model.forward(x, x));
        using AdapterScope use = lorta.Use();
        AssertNear(crossed, model.forward(x, memory));
        AssertNear(own, model.forward(x, x));
        AssertNear(crossed, model.forward(x, memory));
    }

    [Fact]
    public void AThrowBetweenTheCallsLeavesNothingBehind()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new WideModel();
        using WideModelLorta lorta = model.AttachLorta();
        RoutingTests.Randomise(lorta);
        (Tensor x, Tensor memory) = (randn(1, 3, 16), randn(1, 4, 16));
        Tensor expected = Merged(lorta, () => model.forward(x, memory));
        using AdapterScope use = lorta.Use();
        model.Throws = true;
        Assert.Throws<InvalidOperationException>(() => model.forward(x, memory));

        // The same tensor with other numbers: a product kept from before would show.
        using (no_grad())
        {
            memory.mul_(2);
        }

        model.Throws = false;
        Tensor changed = model.forward(x, memory);
        using (no_grad())
        {
            memory.div_(2);
        }

        AssertNear(expected, model.forward(x, memory));
        Assert.False(changed.allclose(expected));
        using (no_grad())
        {
            memory.mul_(2);
        }

        use.Dispose();
        AssertNear(Merged(lorta, () => model.forward(x, memory)), changed);
    }

    [Fact]
    public async Task TwoThreadsUseTwoAdaptersOnOneModel()
    {
        using var model = new WideModel();
        using WideModelLorta first = model.AttachLorta(name: "first");
        using WideModelLorta second = model.AttachLorta(name: "second");
        RoutingTests.Randomise(first);
        RoutingTests.Randomise(second);
        using Tensor x = randn(1, 3, 16), memory = randn(1, 4, 16);
        using Tensor one = Merged(first, () => model.forward(x, memory)), two = Merged(second, () => model.forward(x, memory));
        using var barrier = new Barrier(2);
        await Task.WhenAll(new[] { (first, one), (second, two) }.Select(pair => Task.Factory.StartNew(
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                using AdapterScope use = pair.Item1.Use();
                for (int turn = 0; turn < 50; turn++)
                {
                    barrier.SignalAndWait();
                    AssertNear(pair.Item2, model.forward(x, memory));
                }
            },
            TaskCreationOptions.LongRunning)));
    }

    private static Tensor Merged(LortaAdapter lorta, Func<Tensor> forward)
    {
        lorta.Merge();
        try
        {
            return forward();
        }
        finally
        {
            lorta.Unmerge();
        }
    }

    private static void AssertNear(Tensor expected, Tensor actual) => Assert.True(actual.allclose(expected, 1e-4, 1e-5));
}
