using FsCheck.Xunit;
using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

[Collection(GlobalGenerator.Name)]
public sealed class LortaAdapterTests
{
    private static readonly AttentionLayout Layout = new(Layers: 3, Heads: 4, KeyValueHeads: 4, HeadWidth: 5, Width: 20);

    public static TheoryData<LortaModes> Subsets => [.. Enumerable.Range(0, 8).Select(bits => (LortaModes)bits)];

    [Theory]
    [MemberData(nameof(Subsets))]
    public void ForwardAndGradientsAreThoseOfDenseUpdates(LortaModes modes)
    {
        foreach (HeadOrientation orientation in Enum.GetValues<HeadOrientation>())
        {
            CheckAgainstDefinition(Layout, new LortaOptions { Rank = 3, Alpha = 5, Modes = modes, Orientation = orientation });
        }
    }

    [Fact]
    public void GroupedQueriesAndWideHeadsAreThoseOfDenseUpdates() =>
        CheckAgainstDefinition(
            new AttentionLayout(Layers: 2, Heads: 6, KeyValueHeads: 2, HeadWidth: 7, Width: 20),
            new LortaOptions { Rank = 4, RankStabilized = true });

    [Theory]
    [InlineData(AttentionMatrices.Query | AttentionMatrices.Value)]
    [InlineData(AttentionMatrices.Output)]
    public void OnlyTheTargetsAreUpdated(AttentionMatrices targets) =>
        CheckAgainstDefinition(Layout, new LortaOptions { Rank = 2, Targets = targets });

    [Theory]
    [InlineData(HeadOrientation.Paper)]
    [InlineData(HeadOrientation.Reference)]
    public void TheFirstForwardIsTheBaseModels(HeadOrientation orientation)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (LortaFactor frozen in new[] { LortaFactor.None, LortaFactor.A, LortaFactor.B, LortaFactor.Head | LortaFactor.Layer })
        {
            var model = new ToyAttention(Layout);
            Tensor x = randn(2, 6, Layout.Width);
            Tensor expected = model.forward(x);
            using var adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 3, Orientation = orientation, Frozen = frozen });
            using (adapter.Use())
            {
                Assert.True(model.forward(x).equal(expected).all().ToBoolean());
            }

            Assert.All(
                Enum.GetValues<LortaFactor>().Where(factor => factor != LortaFactor.None),
                factor => Assert.Equal(!frozen.HasFlag(factor), adapter.Factor(factor).requires_grad));
        }
    }

    [Property(MaxTest = 50)]
    public void CountsFollowTheFormulasOfTable2(byte layers, byte heads, byte headWidth, byte rank)
    {
        var layout = new AttentionLayout(layers + 1, heads + 1, heads + 1, headWidth + 1, (heads + 1) * (headWidth + 1));
        long d = layout.Width, h = layout.Heads, l = layout.Layers, r = Math.Min(rank + 1, layout.Width), w = layout.HeadWidth;
        long Count(LortaModes modes) => LortaAdapter.ParameterCount(layout, new LortaOptions { Rank = (int)r, Modes = modes });
        Assert.Equal(r * 8 * d * l, Count(LortaModes.None));
        Assert.Equal(r * 4 * l * (d + w + h), Count(LortaModes.Heads));
        Assert.Equal(r * 4 * (2 * d + l), Count(LortaModes.Layers));
        Assert.Equal(r * l * (2 * d + 4), Count(LortaModes.Qkvp));
        Assert.Equal(r * 4 * (d + w + h + l), Count(LortaModes.Heads | LortaModes.Layers));
        Assert.Equal(r * l * (d + w + h + 4), Count(LortaModes.Heads | LortaModes.Qkvp));
        Assert.Equal(r * (2 * d + l + 4), Count(LortaModes.Layers | LortaModes.Qkvp));
        Assert.Equal(r * (d + w + h + l + 4), Count(LortaModes.All));
    }

    [Fact]
    public void CountsArePublishedOnes()
    {
        Assert.Equal(3440, LortaAdapter.ParameterCount(new AttentionLayout(12, 12, 12, 64, 768), new LortaOptions { Rank = 4 }));
        Assert.Equal(9056, LortaAdapter.ParameterCount(new AttentionLayout(24, 16, 16, 64, 1024), new LortaOptions { Rank = 8 }));
    }

    [Fact]
    public void AttachedNumbersAreAsManyAsCounted()
    {
        foreach (LortaModes modes in Enumerable.Range(0, 8).Select(bits => (LortaModes)bits))
        {
            var options = new LortaOptions { Rank = 3, Modes = modes };
            using var adapter = LortaAdapter.Attach(new ToyAttention(Layout), options);
            Assert.Equal(LortaAdapter.ParameterCount(Layout, options), adapter.TrainableCount);
        }
    }

    [Fact]
    public void MergedIsTheAdaptedModelAndUnmergedTheBaseBitForBit()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new ToyAttention(Layout);
        using LortaAdapter adapter = Randomised(model, new LortaOptions { Rank = 3 });
        Dictionary<string, Tensor> before = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.clone());
        Tensor x = randn(2, 6, Layout.Width);
        Tensor expected;
        using (adapter.Use())
        {
            expected = model.forward(x);
        }

        adapter.Merge();
        Assert.True(MaxDifference(expected, model.forward(x)) < 1e-5);
        using (adapter.Use())
        {
            Assert.True(MaxDifference(expected, model.forward(x)) < 1e-5);
        }

        Assert.Throws<InvalidOperationException>(adapter.Merge);
        adapter.Unmerge();
        Assert.All(model.named_parameters(), entry => Assert.True(before[entry.name].equal(entry.parameter).all().ToBoolean()));
    }

    [Fact]
    public void DroppedInputsAverageToTheUndropped()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        manual_seed(5);
        var model = new ToyAttention(Layout with { Layers = 1 });
        using LortaAdapter adapter = Randomised(model, new LortaOptions { Rank = 3, Dropout = 0.3, Targets = AttentionMatrices.Output });
        Tensor x = randn(1, 1, Layout.Width);
        using AdapterScope use = adapter.Use();
        model.eval();
        Tensor steady = model.forward(x);
        Assert.Equal(0, MaxDifference(steady, model.forward(x)));
        model.train();
        Assert.NotEqual(0, MaxDifference(steady, model.forward(x)));
    }

    [Fact]
    public void BadOptionsAreNamed()
    {
        var model = new ToyAttention(Layout);
        void Fails(LortaOptions options, string named) =>
            Assert.Contains(named, Assert.ThrowsAny<ArgumentException>(() => LortaAdapter.Attach(model, options)).Message, StringComparison.Ordinal);
        Fails(new LortaOptions { Rank = 0 }, "Rank is 0");
        Fails(new LortaOptions { Rank = Layout.Width + 1 }, $"width, {Layout.Width}");
        Fails(new LortaOptions { Alpha = double.NaN }, "Alpha");
        Fails(new LortaOptions { Dropout = 1 }, "Dropout");
        Fails(new LortaOptions { Targets = AttentionMatrices.None }, "targets");
        Assert.Empty(model.Sites.Adapters);
    }

    [Fact]
    public void ForwardAndBackwardLeaveNoTensorBehind()
    {
        var model = new ToyAttention(Layout);
        using LortaAdapter adapter = Randomised(model, new LortaOptions { Rank = 3 });
        using Tensor x = randn(2, 6, Layout.Width);
        void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            using AdapterScope use = adapter.Use();
            model.forward(x).sum().backward();
        }

        Step();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int step = 0; step < 20; step++)
        {
            Step();
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    /// <summary>An adapter whose factors are all random, so that its update is not zero.</summary>
    internal static LortaAdapter Randomised(ToyAttention model, LortaOptions options, string name = "default")
    {
        var adapter = LortaAdapter.Attach(model, options, name);
        using IDisposable noGrad = no_grad();
        foreach (var parameter in adapter.parameters())
        {
            parameter.uniform_(-0.8, 0.8);
        }

        return adapter;
    }

    internal static double MaxDifference(Tensor left, Tensor right) => (left - right).abs().max().ToDouble();

    private static void CheckAgainstDefinition(AttentionLayout layout, LortaOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(3);
        var model = new ToyAttention(layout);
        using LortaAdapter adapter = Randomised(model, options);
        model.to(ScalarType.Float64);
        adapter.to(ScalarType.Float64);
        Tensor x = randn(2, 6, layout.Width, dtype: ScalarType.Float64, requires_grad: true);
        var gradients = new List<Tensor[]>();
        var outputs = new List<Tensor>();
        foreach (bool routed in new[] { true, false })
        {
            using AdapterScope use = adapter.Use();
            Tensor output = routed ? model.forward(x) : model.Definition(x, (layer, matrix) => Delta(adapter, layer, matrix));
            output.pow(2).sum().backward();
            outputs.Add(output);
            Tensor[] trained = [x, .. adapter.parameters()];
            gradients.Add([.. trained.Select(tensor => tensor.grad!.clone())]);
            Array.ForEach(trained, tensor => tensor.grad!.zero_());
        }

        Assert.True(MaxDifference(outputs[0], outputs[1]) < 1e-10);
        foreach ((Tensor routed, Tensor dense) in gradients[0].Zip(gradients[1]))
        {
            Assert.True(MaxDifference(routed, dense) < 1e-10 * Math.Max(1, dense.abs().max().ToDouble()));
        }
    }

    private static Tensor Delta(LortaAdapter adapter, int layer, AttentionMatrix matrix) =>
        adapter.Options.Targets.HasFlag((AttentionMatrices)(1 << (int)matrix)) ? adapter.Delta(layer, matrix) : zeros(1);
}
