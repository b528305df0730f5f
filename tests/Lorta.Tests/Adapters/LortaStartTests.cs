using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>What the factors of a new LoRTA adapter are, and what that makes of its first steps.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class LortaStartTests
{
    private const double Step = 1e-2;

    /// <summary>AdamW's first steps move every number of B by the learning rate, up or down.</summary>
    [Theory]
    [InlineData(1, false, LortaModes.All, 8, 6)]
    [InlineData(4, false, LortaModes.All, 8, 6)]
    [InlineData(64, false, LortaModes.All, 8, 6)]
    [InlineData(16, true, LortaModes.All, 8, 6)]
    [InlineData(8, false, LortaModes.All, 2, 12)]
    [InlineData(8, false, LortaModes.Heads, 8, 6)]
    [InlineData(8, false, LortaModes.Layers | LortaModes.Qkvp, 8, 6)]
    public void TheFirstStepsChangeTheWeightsAlikeForEveryShape(int rank, bool rankStabilized, LortaModes modes, int heads, int layers)
    {
        const int Width = 128;
        var layout = new AttentionLayout(layers, heads, heads, Width / heads, Width);
        double[] squares = [.. Enumerable.Range(0, 20).Select(seed =>
        {
            using DisposeScope scope = NewDisposeScope();
            manual_seed(seed);
            var adapter = LortaAdapter.Attach(
                new ToyAttention(layout), new LortaOptions { Rank = rank, RankStabilized = rankStabilized, Modes = modes });
            using (no_grad())
            {
                Tensor b = adapter.Factor(LortaFactor.B);
                b.copy_(rand_like(b).sub(0.5).sign() * Step);
            }

            return adapter.AdaptedSites.Average(site => adapter.Delta(site.Layer, site.Matrix).square().mean().ToDouble());
        })];

        double expected = 8 / (16 * Math.Sqrt(2)) * Step / Math.Sqrt(Width); // alpha, the size of the start, the step, A
        Assert.InRange(Math.Sqrt(squares.Average()), 0.8 * expected, 1.25 * expected);
    }

    [Fact]
    public void ThePapersStartIsUniformByTheRank()
    {
        using DisposeScope scope = NewDisposeScope();
        var adapter = LortaAdapter.Attach(
            new ToyAttention(new AttentionLayout(40, 40, 40, 5, 200)), new LortaOptions { Rank = 6, Start = LortaStart.Paper });
        Assert.InRange(adapter.Factor(LortaFactor.A).abs().max().ToDouble(), 0.99 / Math.Sqrt(6), 1 / Math.Sqrt(6));
        Assert.InRange(adapter.Factor(LortaFactor.Layer).abs().max().ToDouble(), 0.95, 1);
        Assert.InRange(adapter.Factor(LortaFactor.Head).abs().max().ToDouble(), 0.95, 1);
        Assert.Equal(0, adapter.Factor(LortaFactor.B).abs().max().ToDouble());
    }

    [Fact]
    public void TheCoefficientsHaveARateOfTheirOwn()
    {
        using var adapter = LortaAdapter.Attach(
            new ToyAttention(new AttentionLayout(2, 2, 2, 5, 10)), new LortaOptions { Rank = 2, RateRatio = 3 });
        Assert.Equal([1, 1, 3, 3, 3], adapter.Trained.Select(entry => entry.Name).Order().Select(adapter.RateOf));
    }
}
