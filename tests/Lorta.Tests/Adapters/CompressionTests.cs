using Lorta.Adapters;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>LoRTA adapters as PEFT's LoRA, LoRA adapters as LoRTA, and LoRTA adapters with fewer components.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class CompressionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly BertForSequenceClassification _model;
    private readonly Tensor _ids = randint(0, 30, [2, 7], ScalarType.Int64);

    public CompressionTests()
    {
        manual_seed(5);
        _model = new BertForSequenceClassification(
            new EncoderConfig { VocabularySize = 30, Width = 24, Layers = 3, Heads = 4, IntermediateWidth = 20, MaxPositions = 16 }, 2);
        _model.eval();
    }

    public static TheoryData<LortaOptions> Kinds =>
    [
        new LortaOptions { Rank = 3, Alpha = 5 }, new LortaOptions { Rank = 3, Orientation = HeadOrientation.Reference, RankStabilized = true },
        new LortaOptions { Rank = 2, Modes = LortaModes.Heads }, new LortaOptions { Rank = 3, Targets = AttentionMatrices.Query | AttentionMatrices.Output },
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ALortaAdapterWrittenForPeftComputesTheSame(LortaOptions options)
    {
        using LortaAdapter lorta = Random(options);
        PeftAdapters.Save(lorta, _folder);
        using Adapter lora = PeftAdapters.Load(_model, _folder, name: "lora");
        Assert.IsType<LoraAdapter>(lora);
        Near.Absolute(Logits(lorta), Logits(lora), 1e-5, "logits");
    }

    [Fact]
    public void KnownFactorsComeBackAtTheirRank()
    {
        using LortaAdapter known = Random(new LortaOptions { Rank = 3 });
        PeftAdapters.Save(known, _folder);
        using var lora = (LoraAdapter)PeftAdapters.Load(_model, _folder, name: "lora");
        (LortaAdapter compressed, double error) = LortaCompression.Compress(lora, 3, "compressed");
        Assert.InRange(error, 0, 1e-5);
        foreach (ProjectionSite site in _model.Sites.Projections)
        {
            Near.Relative(known.Delta(site.Layer, site.Matrix), compressed.Delta(site.Layer, site.Matrix), 1e-4, $"{site.Matrix} of layer {site.Layer}");
        }

        Near.Absolute(Logits(lora), Logits(compressed), 1e-5, "logits");
        double[] errors = [.. LortaCompression.Errors(lora, [1, 2, 3]).Select(entry => entry.Error)];
        Assert.True(errors[0] > errors[1] && errors[1] > errors[2] && errors[0] < 1, string.Join(", ", errors));
        Assert.InRange(errors[2], 0, 1e-5);
    }

    [Fact]
    public void TheErrorOfAFitIsTheDistanceOfTheUpdates()
    {
        using var lora = (LoraAdapter)new Lora { Rank = 2, Alpha = 6 }.Attach(_model, "lora");
        using (no_grad())
        {
            foreach ((_, Parameter parameter) in lora.Trained)
            {
                parameter.copy_(randn_like(parameter));
            }
        }

        (LortaAdapter compressed, double error) = LortaCompression.Compress(lora, 4, "compressed", new CpFitOptions { Starts = 1, Sweeps = 50 });
        double gone = 0;
        double whole = 0;
        foreach (ProjectionSite site in _model.Sites.Projections)
        {
            Tensor update = lora.Up(site).mm(lora.Down(site));
            whole += update.square().sum().ToDouble();
            gone += (update - compressed.Delta(site.Layer, site.Matrix)).square().sum().ToDouble();
        }

        Assert.Equal(Math.Sqrt(gone / whole), error, 1e-4);
        Assert.InRange(error, 0.1, 1);
    }

    [Fact]
    public void DoraIsNotCompressed()
    {
        using var dora = (LowRankAdapter)new Dora().Attach(_model);
        Assert.Throws<ArgumentException>(() => LortaCompression.Compress(dora, 3, "compressed"));
        Assert.Single(_model.Sites.Adapters);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PruningKeepsTheLargestComponentsAndSaysWhatItCosts(LortaOptions options)
    {
        using LortaAdapter adapter = Random(options with { Rank = 4 });
        using (no_grad())
        {
            adapter.Factor(LortaFactor.A).select(-1, 1).mul_(1e-3); // the component that must go first
        }

        IReadOnlyList<double> norms = LortaPruning.ComponentNorms(adapter);
        Assert.Equal(1, norms.ToList().IndexOf(norms.Min()));
        (LortaAdapter pruned, double cost) = LortaPruning.Prune(adapter, 3, "pruned");
        using (no_grad())
        {
            adapter.Factor(LortaFactor.A).select(-1, 1).zero_();
        }

        double gone = 0;
        foreach (ProjectionSite site in adapter.AdaptedSites)
        {
            Near.Absolute(adapter.Delta(site.Layer, site.Matrix), pruned.Delta(site.Layer, site.Matrix), 1e-6, $"{site.Matrix} of layer {site.Layer}");
            gone += adapter.Delta(site.Layer, site.Matrix).square().sum().ToDouble();
        }

        // The cost is relative to the update before, and the dropped component is norms[1] of it.
        Assert.Equal(norms[1] / Math.Sqrt(gone), cost, 1e-4);
        Assert.Equal(0, LortaPruning.Prune(pruned, 3, "again").Cost);
        Assert.Throws<ArgumentOutOfRangeException>(() => LortaPruning.Prune(pruned, 4, "more"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NormsOfHeadsAreThoseOfTheirBlocksInTheUpdateOfOneComponent(LortaOptions options)
    {
        using LortaAdapter adapter = Random(options);
        IReadOnlyList<ComponentNorm> norms = LortaPruning.HeadNorms(adapter);
        Assert.Equal(adapter.AdaptedSites.Count() * 4 * options.Rank, norms.Count);
        double[] squares = [.. norms.GroupBy(norm => norm.Component).OrderBy(group => group.Key).Select(group => group.Sum(norm => norm.Norm * norm.Norm))];
        Assert.All(LortaPruning.ComponentNorms(adapter).Zip(squares), pair => Assert.Equal(pair.First * pair.First, pair.Second, 1e-9 * pair.Second));

        const int Component = 1;
        using (no_grad())
        {
            Parameter a = adapter.Factor(LortaFactor.A);
            using Tensor others = arange(options.Rank) != Component;
            a.masked_fill_(others, 0);
        }

        foreach (ComponentNorm norm in norms.Where(norm => norm.Component == Component))
        {
            bool headsAreRows = options.Orientation == HeadOrientation.Paper && norm.Matrix != AttentionMatrix.Output;
            Tensor block = adapter.Delta(norm.Layer, norm.Matrix).narrow(headsAreRows ? 0 : 1, 6 * norm.Head, 6); // d/H = 6
            double expected = block.to(ScalarType.Float64).square().sum().sqrt().ToDouble();
            Assert.Equal(expected, norm.Norm, 1e-5 * expected);
        }
    }

    public void Dispose()
    {
        _scope.Dispose();
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private LortaAdapter Random(LortaOptions options)
    {
        LortaAdapter adapter = LortaAdapter.Attach(_model, options, "lorta");
        using IDisposable noGrad = no_grad();
        foreach ((_, Parameter parameter) in adapter.Trained)
        {
            parameter.copy_(randn_like(parameter));
        }

        return adapter;
    }

    private Tensor Logits(Adapter adapter)
    {
        using IDisposable noGrad = no_grad();
        using AdapterScope use = adapter.Use();
        return _model.forward(_ids, null, null);
    }
}
