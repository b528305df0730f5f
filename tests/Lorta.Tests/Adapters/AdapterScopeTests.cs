using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

[Collection(GlobalGenerator.Name)]
public sealed class AdapterScopeTests
{
    private static readonly AttentionLayout Layout = new(Layers: 2, Heads: 2, KeyValueHeads: 2, HeadWidth: 4, Width: 8);

    [Fact]
    public void TheInnermostScopeDecides()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        using LortaAdapter first = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, "first");
        using LortaAdapter second = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 3 }, "second");
        Tensor x = randn(1, 3, Layout.Width);
        Tensor none = model.forward(x);
        Tensor alone = With(first, model, x);
        using (first.Use())
        {
            Assert.Equal(0, Difference(alone, model.forward(x)));
            using (second.Use())
            {
                Assert.NotEqual(0, Difference(alone, model.forward(x)));
                using (AdapterScope.Base())
                {
                    Assert.Equal(0, Difference(none, model.forward(x)));
                }
            }

            Assert.Equal(0, Difference(alone, model.forward(x)));
        }

        Assert.Equal(0, Difference(none, model.forward(x)));
    }

    [Fact]
    public void ScopesClosedOutOfOrderLeaveTheOpenOneActive()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        using LortaAdapter first = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, "first");
        using LortaAdapter second = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, "second");
        Tensor x = randn(1, 3, Layout.Width);
        Tensor expected = With(second, model, x);
        AdapterScope outer = first.Use();
        AdapterScope inner = second.Use();
        outer.Dispose();
        Assert.Equal(0, Difference(expected, model.forward(x)));
        inner.Dispose();
        Assert.Equal(0, Difference(expected, With(second, model, x)));
        Assert.NotEqual(0, Difference(expected, model.forward(x)));
    }

    [Fact]
    public async Task ThreadsAndTasksHaveTheirOwnAdapter()
    {
        var model = new ToyAttention(Layout);
        LortaAdapter[] adapters = [.. Enumerable.Range(0, 4).Select(index =>
            LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, $"adapter{index}"))];
        using Tensor x = randn(1, 3, Layout.Width);
        Tensor[] expected = [.. adapters.Select(adapter => With(adapter, model, x))];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            using AdapterScope use = adapters[worker % 4].Use();
            for (int turn = 0; turn < 25; turn++)
            {
                await Task.Yield();
                using Tensor output = model.forward(x);
                Assert.Equal(0, Difference(expected[worker % 4], output));
            }
        }));
    }

    [Fact]
    public void AThrowBetweenTheCallsLeavesNothingStale()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        using LortaAdapter adapter = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 });
        Tensor x = randn(1, 3, Layout.Width);
        using AdapterScope use = adapter.Use();
        model.BetweenCalls = () => throw new TimeoutException();
        Assert.Throws<TimeoutException>(() => model.forward(x));
        model.BetweenCalls = null;
        using (no_grad())
        {
            adapter.Factor(LortaFactor.A).mul_(2);
        }

        Tensor expected = model.Definition(x, adapter.Delta);
        Assert.True(Difference(expected, model.forward(x)) < 1e-5);
    }

    [Fact]
    public void NamesAreUniqueUntilDetached()
    {
        var model = new ToyAttention(Layout);
        LortaAdapter adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 2 }, "tickets");
        Assert.Contains(
            "'tickets'",
            Assert.Throws<InvalidOperationException>(() => LortaAdapter.Attach(model, new LortaOptions(), "tickets")).Message,
            StringComparison.Ordinal);
        adapter.Detach();
        Assert.Throws<InvalidOperationException>(adapter.Use);
        LortaAdapter.Attach(model, new LortaOptions { Rank = 2 }, "tickets").Dispose();
        Assert.Empty(model.Sites.Adapters);
    }

    [Fact]
    public void AnotherAdapterIsRefusedWhileOneIsMerged()
    {
        var model = new ToyAttention(Layout);
        using LortaAdapter first = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, "first");
        using LortaAdapter second = LortaAdapterTests.Randomised(model, new LortaOptions { Rank = 2 }, "second");
        first.Merge();
        Assert.Contains("'first'", Assert.Throws<InvalidOperationException>(second.Use).Message, StringComparison.Ordinal);
        first.Detach();
        second.Use().Dispose();
    }

    private static Tensor With(LortaAdapter adapter, ToyAttention model, Tensor x)
    {
        using AdapterScope use = adapter.Use();
        return model.forward(x);
    }

    private static double Difference(Tensor left, Tensor right) => LortaAdapterTests.MaxDifference(left, right);
}
