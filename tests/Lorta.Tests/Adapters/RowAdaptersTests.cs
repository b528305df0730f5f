using FsCheck.Xunit;
using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

[Collection(GlobalGenerator.Name)]
public sealed class RowAdaptersTests
{
    private static readonly AttentionLayout Layout = new(Layers: 2, Heads: 2, KeyValueHeads: 2, HeadWidth: 4, Width: 8);

    /// <summary>Rows in any order, some of the base, against each row on its own.</summary>
    [Property(MaxTest = 30)]
    public void EachRowIsThatOfItsAdapterAlone(byte[] choice)
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        Adapter?[] adapters = [null, Attach(model, "small", 1), Attach(model, "middle", 2), Attach(model, "large", 5)];
        Adapter?[] perRow = [.. choice.Select(index => adapters[index % adapters.Length]), adapters[1]];
        Tensor x = randn(perRow.Length, 3, Layout.Width);
        Tensor together;
        using (AdapterScope.OfRows(perRow))
        {
            together = model.forward(x);
        }

        for (int row = 0; row < perRow.Length; row++)
        {
            using AdapterScope alone = perRow[row]?.Use() ?? AdapterScope.Base();
            Assert.True(LortaAdapterTests.MaxDifference(model.forward(x.narrow(0, row, 1)), together.narrow(0, row, 1)) < 1e-5);
        }
    }

    [Fact]
    public void GradientsReachEveryAdapterByItsRows()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        model.to(ScalarType.Float64);
        LortaAdapter[] adapters = [Attach(model, "first", 2), Attach(model, "second", 3)];
        Array.ForEach(adapters, adapter => adapter.to(ScalarType.Float64));
        Adapter[] perRow = [adapters[1], adapters[0], adapters[1]];
        Tensor x = randn(perRow.Length, 3, Layout.Width, dtype: ScalarType.Float64);
        using (AdapterScope.OfRows(perRow))
        {
            model.forward(x).pow(2).sum().backward();
        }

        Tensor[] mixed = [.. adapters.SelectMany(adapter => adapter.parameters()).Select(parameter => parameter.grad!.clone())];
        foreach (LortaAdapter adapter in adapters)
        {
            adapter.zero_grad();
        }

        for (int row = 0; row < perRow.Length; row++)
        {
            using AdapterScope alone = perRow[row].Use();
            model.forward(x.narrow(0, row, 1)).pow(2).sum().backward();
        }

        foreach ((Tensor gradient, Tensor expected) in mixed.Zip(adapters.SelectMany(adapter => adapter.parameters()).Select(parameter => parameter.grad!)))
        {
            Assert.True(LortaAdapterTests.MaxDifference(gradient, expected) < 1e-10 * Math.Max(1, expected.abs().max().ToDouble()));
        }
    }

    [Fact]
    public void OtherRowsThanTheScopesAreRefused()
    {
        var model = new ToyAttention(Layout);
        using LortaAdapter adapter = Attach(model, "only", 2);
        using AdapterScope use = AdapterScope.OfRows([adapter, null]);
        using Tensor x = randn(3, 2, Layout.Width);
        Assert.Contains("2 rows", Assert.Throws<InvalidOperationException>(() => model.forward(x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCanHaveNoRowsIsRefused()
    {
        var model = new ToyAttention(Layout);
        using LortaAdapter adapter = Attach(model, "here", 2);
        using LortaAdapter elsewhere = Attach(new ToyAttention(Layout), "elsewhere", 2);
        Assert.Throws<ArgumentException>(() => AdapterScope.OfRows([null, null]));
        Assert.Contains("'elsewhere'", Assert.Throws<ArgumentException>(() => AdapterScope.OfRows([adapter, elsewhere])).Message, StringComparison.Ordinal);
        adapter.Merge();
        Assert.Contains("merged", Assert.Throws<InvalidOperationException>(() => AdapterScope.OfRows([adapter])).Message, StringComparison.Ordinal);
        adapter.Detach();
        Assert.Contains("detached", Assert.Throws<InvalidOperationException>(() => AdapterScope.OfRows([adapter])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForwardsLeaveNoTensorBehind()
    {
        var model = new ToyAttention(Layout);
        using LortaAdapter first = Attach(model, "first", 2);
        using LortaAdapter second = Attach(model, "second", 2);
        using Tensor x = randn(3, 2, Layout.Width);
        void Infer()
        {
            using DisposeScope scope = NewDisposeScope();
            using AdapterScope use = AdapterScope.OfRows([second, first, second]);
            model.forward(x);
        }

        Infer();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Infer();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static LortaAdapter Attach(ToyAttention model, string name, int rank) =>
        LortaAdapterTests.Randomised(model, new LortaOptions { Rank = rank }, name);
}
