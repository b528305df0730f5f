using Lorta.Adapters;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Adapters;

/// <summary>The methods without a reference folder, against a plain forward written from their definitions.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class MethodTests : IDisposable
{
    private static readonly Scalar Size = 0.2;

    private static readonly EncoderConfig Config = new()
    {
        VocabularySize = 30,
        Width = 12,
        Layers = 3,
        Heads = 3,
        IntermediateWidth = 20,
        MaxPositions = 16,
    };

    private readonly SequenceClassifier _model;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _ids;
    private readonly Tensor _mask;

    public MethodTests()
    {
        manual_seed(3);
        _model = new BertForSequenceClassification(Config, 2);
        _model.eval();
        _ids = randint(0, 30, [2, 7], ScalarType.Int64);
        _mask = ones(2, 7, dtype: ScalarType.Bool);
        using IDisposable noGrad = no_grad();
        _mask[1, 5..].fill_(false);
        foreach (Parameter parameter in _model.parameters())
        {
            parameter.requires_grad = false;
            parameter.copy_(parameter.Plus(randn_like(parameter).mul(Size)));
        }
    }

    public static TheoryData<AdapterMethod> LowRank =>
    [
        new Lora { Rank = 3 }, new Lora { Rank = 4, RankStabilized = true, Targets = AttentionMatrices.Query | AttentionMatrices.Value },
        new LoraPlus { Rank = 3 }, new LoraFa { Rank = 3 }, new Dora { Rank = 3 }, new Vera { Rank = 17 }, new AdaLora { Rank = 3, TargetRank = 2 },
        new Nola { Rank = 3, Bases = 5 },
    ];

    public static TheoryData<AdapterMethod> Bottlenecks =>
        [new HoulsbyAdapters { Bottleneck = 5 }, new PfeifferAdapters { Bottleneck = 5 }, new AdapterDrop { Bottleneck = 5, DroppedLayers = 2 }];

    public static TheoryData<AdapterMethod> OfTheEncoder => [.. Bottlenecks.Select(row => row.Data), new BitFit()];

    public static TheoryData<AdapterMethod> All => [.. LowRank.Select(row => row.Data), .. Bottlenecks.Select(row => row.Data), new BitFit()];

    [Theory]
    [MemberData(nameof(All))]
    public void AttachedItChangesNothingAndDetachedTheBaseIsBack(AdapterMethod method)
    {
        using Tensor plain = Forward();
        Dictionary<string, Tensor> before = _model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Adapter adapter = method.Attach(_model);
        using (adapter.Use())
        {
            Near.Absolute(plain, Forward(), 1e-6, "logits of the start");
        }

        Randomise(adapter);
        using (adapter.Use())
        {
            Assert.False(Forward().allclose(plain));
        }

        adapter.Dispose();
        Assert.All(_model.state_dict(), entry => Assert.True(before[entry.Key].equal(entry.Value).all().ToBoolean(), entry.Key));
        Assert.Empty(_model.Sites.Adapters);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AStepLeavesNoTensorBehind(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        Step(); // the first gradients stay
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Step();
        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);

        void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            using AdapterScope use = adapter.Use();
            Tensor loss = Forward().square().sum();
            (adapter.Penalty() is { } penalty ? loss + penalty : loss).backward();
            adapter.AfterStep(1, 3);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void SavedAndLoadedItComputesTheSame(AdapterMethod method)
    {
        string folder = Directory.CreateTempSubdirectory("lorta").FullName;
        try
        {
            Tensor expected;
            using (Adapter adapter = method.Attach(_model))
            {
                Randomise(adapter);
                adapter.Save(folder);
                using AdapterScope use = adapter.Use();
                expected = Forward();
            }

            using Adapter loaded = Adapter.Load(_model, folder);
            Assert.Equal(method, loaded.Method);
            using AdapterScope scope = loaded.Use();
            Assert.True(expected.equal(Forward()).all().ToBoolean());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(LowRank))]
    public void MergedItComputesTheSame(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        Randomise(adapter);
        Tensor expected;
        using (adapter.Use())
        {
            expected = Forward();
        }

        adapter.Merge();
        Near.Absolute(expected, Forward(), 1e-5, "logits");
    }

    [Theory]
    [MemberData(nameof(Bottlenecks))]
    public void WhatIsNoChangeOfWeightsIsNotMerged(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        Assert.Contains("can't be merged", Assert.Throws<InvalidOperationException>(adapter.Merge).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(LowRank))]
    public void AnUpdatedProjectionIsAsDefined(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        Randomise(adapter);
        Dictionary<string, Tensor> numbers = adapter.State.ToDictionary(entry => entry.Key, entry => entry.Value);
        Dictionary<string, Tensor> copies = numbers.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().requires_grad_(entry.Value.requires_grad));
        var updated = adapter.AdaptedSites.ToDictionary(site => (site.Layer, site.Matrix), site => Updated(adapter, site, part => copies[part]));

        Tensor x = randn(4, 6, 12);
        Tensor expectedSum = zeros([]);
        using AdapterScope use = adapter.Use();
        Tensor actualSum = zeros([]);
        foreach (ProjectionSite site in _model.Sites.Projections)
        {
            Tensor weight = updated.TryGetValue((site.Layer, site.Matrix), out Tensor? adapted) ? adapted : site.Weight;
            Tensor expected = functional.linear(x, weight, ((Linear)site.Projection).bias);
            Tensor actual = ProjectionRouter.Forward(site.Projection, x);
            Near.Absolute(expected, actual, 1e-4, $"{site.Matrix} of layer {site.Layer}");
            expectedSum += expected.tanh().sum();
            actualSum += actual.tanh().sum();
        }

        expectedSum.backward();
        actualSum.backward();
        foreach ((string name, Parameter parameter) in adapter.Trained)
        {
            Near.Relative(copies[name].grad!, parameter.grad!, 1e-4, $"gradient of {name}");
        }
    }

    [Theory]
    [MemberData(nameof(OfTheEncoder))]
    public void TheEncoderIsAsDefined(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        Randomise(adapter);
        Dictionary<string, Tensor> copies = adapter.Trained.ToDictionary(entry => entry.Name, entry => entry.Parameter.detach().clone().requires_grad_(true));
        Tensor expected = Definition(method, copies);
        using AdapterScope use = adapter.Use();
        Tensor actual = _model.Encoder.forward(_ids, _mask, null);
        Near.Absolute(expected, actual, 1e-5, "hidden states");
        expected.square().sum().backward();
        actual.square().sum().backward();
        foreach ((string name, Parameter parameter) in adapter.Trained.Where(entry => !IsOfHead(entry.Name)))
        {
            // A key's bias adds the same to all scores of a query: its gradient is zero but for rounding.
            double tolerance = name.EndsWith("key.bias", StringComparison.Ordinal) ? 1e-4 : 1e-4 * copies[name].grad!.abs().max().ToDouble();
            Near.Absolute(copies[name].grad!, parameter.grad!, tolerance, $"gradient of {name}");
        }
    }

    [Fact]
    public void RowsOfOneBatchUseOtherMethods()
    {
        using Adapter houlsby = new HoulsbyAdapters { Bottleneck = 5 }.Attach(_model, "houlsby");
        using Adapter lora = new Lora { Rank = 3 }.Attach(_model, "lora");
        Randomise(houlsby);
        Randomise(lora);
        Tensor Alone(Adapter adapter, int row)
        {
            using AdapterScope use = adapter.Use();
            return Forward()[row];
        }

        using AdapterScope rows = AdapterScope.OfRows([lora, houlsby]);
        Tensor actual = Forward();
        Near.Absolute(Alone(lora, 0), actual[0], 1e-5, "first row");
        Near.Absolute(Alone(houlsby, 1), actual[1], 1e-5, "second row");
    }

    public static TheoryData<AdapterMethod, string> OutOfRange => new()
    {
        { new Lora { Rank = 0 }, "Rank is 0: choose one from 1 to 12" },
        { new Lora { Rank = 13 }, "Rank is 13" },
        { new Lora { Alpha = double.NaN }, "Alpha is NaN" },
        { new Lora { Dropout = 1 }, "Dropout is 1" },
        { new Lora { Targets = AttentionMatrices.None }, "name no matrix of the model" },
        { new LoraPlus { RateRatio = 0 }, "RateRatio is 0" },
        { new Vera { Rank = 193 }, "Rank is 193: choose one from 1 to 192" },
        { new AdaLora { Rank = 4, TargetRank = 5 }, "TargetRank is 5" },
        { new AdaLora { Interval = 0 }, "Interval is 0" },
        { new AdaLora { ImportanceDecay = 1 }, "ImportanceDecay is 1" },
        { new Nola { Bases = int.MaxValue }, "Bases is 2147483647" },
        { new HoulsbyAdapters { Bottleneck = 0 }, "Bottleneck is 0" },
        { new AdapterDrop { Bottleneck = 4, DroppedLayers = 3 }, "choose from 0 to 2" },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void AnOptionOutOfRangeIsNamedAndNothingAttached(AdapterMethod method, string expected)
    {
        Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(() => method.Attach(_model)).Message, StringComparison.Ordinal);
        Assert.Empty(_model.Sites.Adapters);
    }

    [Fact]
    public void BitFitTrainsTheBiasesAndNothingElse()
    {
        using Adapter adapter = new BitFit().Attach(_model);
        string[] biases = [.. _model.named_parameters().Where(entry => entry.name.EndsWith(".bias", StringComparison.Ordinal)).Select(entry => entry.name)];
        Assert.Equal(biases.Order(), adapter.Trained.Select(entry => entry.Name).Order());
        using AdapterScope use = adapter.Use();
        Forward().square().sum().backward();
        Assert.All(_model.named_parameters(), entry => Assert.Equal(biases.Contains(entry.name), entry.parameter.grad is not null));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void TheCountIsThatOfTheFormula(AdapterMethod method)
    {
        using Adapter adapter = method.Attach(_model);
        long expected = method switch
        {
            LowRankMethod lowRank => lowRank.ParameterCount(_model.Sites.Layout),
            BottleneckMethod bottleneck => bottleneck.ParameterCount(_model.Sites.Layout),
            _ => BitFit.ParameterCount(Config.Layers, Config.Width, Config.IntermediateWidth)
                + _model.HeadParameters().Where(entry => entry.Name.EndsWith("bias", StringComparison.Ordinal)).Sum(entry => entry.Parameter.numel()),
        };
        Assert.Equal(expected, adapter.TrainableCount);
    }

    [Fact]
    public void BOfLoraPlusLearnsFaster()
    {
        using Adapter adapter = new LoraPlus { RateRatio = 4 }.Attach(_model);
        Assert.All(adapter.Trained, entry => Assert.Equal(entry.Name.EndsWith('B') ? 4 : 1, adapter.RateOf(entry.Name)));
    }

    [Fact]
    public void AdaLoraKeepsTheMostImportantSingularValues()
    {
        var method = new AdaLora { Rank = 4, TargetRank = 1, InitialSteps = 1, FinalSteps = 2, ImportanceDecay = 0.5, UncertaintyDecay = 0.5 };
        using Adapter adapter = method.Attach(_model);
        Randomise(adapter);
        int sites = adapter.AdaptedSites.Count();
        int Kept() => adapter.Trained.Where(entry => entry.Name.EndsWith('E')).Sum(entry => (int)entry.Parameter.count_nonzero().ToInt64());
        var budgets = new List<int>();
        for (int step = 1; step <= 8; step++)
        {
            using (adapter.Use())
            {
                Forward().square().sum().backward();
            }

            adapter.AfterStep(step, 8);
            budgets.Add(Kept());
        }

        // tinit = 1, tfinal = 2 of 8: the part above the target falls with the cube from step 1 to step 6.
        Assert.Equal(Enumerable.Range(1, 8).Select(step =>
        {
            double left = step <= 1 ? 1 : step >= 6 ? 0 : 1 - ((step - 1) / 5.0);
            return (int)((3 * sites * Math.Pow(left, 3)) + sites);
        }), budgets);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _model.Dispose();
    }

    private bool IsOfHead(string name) => _model.HeadParameters().Any(entry => entry.Name.EndsWith(name, StringComparison.Ordinal));

    private Tensor Forward() => _model.forward(_ids, _mask, null);

    private static void Randomise(Adapter adapter)
    {
        using IDisposable noGrad = no_grad();
        manual_seed(11);
        foreach ((_, Parameter parameter) in adapter.Trained)
        {
            parameter.copy_(parameter.Plus(randn_like(parameter).mul(Size)));
        }
    }

    /// <summary>A weight with its update, dense, from the method's formula.</summary>
    private static Tensor Updated(Adapter adapter, ProjectionSite site, Func<string, Tensor> number)
    {
        Tensor Of(string part) => number($"{site.Layer}.{site.Matrix.ToString().ToLowerInvariant()}.{part}");
        Tensor weight = site.Weight;
        switch (adapter.Method)
        {
            case Vera vera:
                Tensor a = number("A")[.., ..site.Columns];
                Tensor b = number("B")[..site.Rows, ..];
                return weight + Of("b").diag().mm(b).mm(Of("d").diag()).mm(a);
            case AdaLora ada:
                return weight + (ada.Alpha / (ada.Rank + 1e-5) * Of("B").mm(Of("E").squeeze(1).diag()).mm(Of("A")));
            case Nola nola:
                Tensor down = stack([.. Enumerable.Range(0, nola.Bases).Select(i => Of("a").select(0, i) * Basis("down", site.Columns, i).view(nola.Rank, -1))]).sum([0L]);
                Tensor up = stack([.. Enumerable.Range(0, nola.Bases).Select(i => Of("b").select(0, i) * Basis("up", site.Rows, i).view(-1, nola.Rank))]).sum([0L]);
                return weight + (nola.Scaling * up.mm(down));
            case Dora dora:
                Tensor direction = weight + (dora.Scaling * Of("B").mm(Of("A")));
                return Of("magnitude").unsqueeze(1) * direction / direction.norm(1, keepdim: true, p: 2f).detach();
            case LoraMethod lora:
                return weight + (lora.Scaling * Of("B").mm(Of("A")));
            default:
                throw new ArgumentException($"The test does not define {adapter.Method.Name}.");
        }

        Tensor Basis(string side, int features, int index) => adapter.get_buffer($"{side}.{features}")![index];
    }

    /// <summary>The encoder in plain operations, with the networks that Houlsby's, Pfeiffer's and AdapterDrop's papers draw.</summary>
    private Tensor Definition(AdapterMethod method, Dictionary<string, Tensor> numbers)
    {
        Dictionary<string, Tensor> w = _model.Encoder.named_parameters().ToDictionary(
            entry => entry.name, entry => numbers.GetValueOrDefault($"bert.{entry.name}", entry.parameter));
        Tensor Linear(Tensor x, string name) => functional.linear(x, w[$"{name}.weight"], w[$"{name}.bias"]);
        Tensor Norm(Tensor x, string name) => functional.layer_norm(x, [Config.Width], w[$"{name}.weight"], w[$"{name}.bias"], Config.NormEpsilon);
        Tensor Split(Tensor x) => x.view(2, 7, Config.Heads, -1).transpose(1, 2);
        Tensor Network(Tensor x, string site, Func<Tensor, Tensor> activate) => functional.linear(
            activate(functional.linear(x, numbers[$"{site}.down.weight"], numbers[$"{site}.down.bias"])), numbers[$"{site}.up.weight"], numbers[$"{site}.up.bias"]);

        Tensor hidden = Norm(
            w["embeddings.word_embeddings.weight"][_ids] + w["embeddings.position_embeddings.weight"][..7] + w["embeddings.token_type_embeddings.weight"][0],
            "embeddings.LayerNorm");
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            string at = $"encoder.layer.{layer}";
            Tensor scores = Split(Linear(hidden, $"{at}.attention.self.query")).matmul(Split(Linear(hidden, $"{at}.attention.self.key")).transpose(-1, -2));
            scores = (scores / Math.Sqrt(Config.Width / Config.Heads)).masked_fill(_mask.logical_not().unsqueeze(1).unsqueeze(1), float.NegativeInfinity);
            Tensor context = scores.softmax(-1).matmul(Split(Linear(hidden, $"{at}.attention.self.value"))).transpose(1, 2).reshape(2, 7, -1);
            Tensor attention = Linear(context, $"{at}.attention.output.dense");
            if (method is HoulsbyAdapters)
            {
                attention = attention + Network(attention, $"{layer}.attention", x => functional.gelu(x));
            }

            hidden = Norm(attention + hidden, $"{at}.attention.output.LayerNorm");
            Tensor inner = Linear(functional.gelu(Linear(hidden, $"{at}.intermediate.dense")), $"{at}.output.dense");
            if (method is HoulsbyAdapters)
            {
                inner = inner + Network(inner, $"{layer}.feed_forward", x => functional.gelu(x));
            }
            else if (method is PfeifferAdapters && layer >= ((method as AdapterDrop)?.DroppedLayers ?? 0))
            {
                inner = inner + Network(Norm(inner + hidden, $"{at}.output.LayerNorm"), $"{layer}.feed_forward", x => functional.relu(x));
            }

            hidden = Norm(inner + hidden, $"{at}.output.LayerNorm");
        }

        return hidden;
    }
}
