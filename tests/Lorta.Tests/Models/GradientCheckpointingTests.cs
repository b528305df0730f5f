using Lorta.Adapters;
using Lorta.Models;
using Lorta.Tasks;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Models;

[Collection(GlobalGenerator.Name)]
public sealed class GradientCheckpointingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _ids = tensor([5L, 6, 7, 8, 9, 5, 6, 0, 0, 0, 9, 8, 7, 0, 0], [3, 5]);
    private readonly Tensor _mask = tensor([1L, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0], [3, 5]);
    private readonly Tensor _labels = tensor([0L, 1, 1]);

    public static TheoryData<AdapterMethod, double> Cases => new MatrixTheoryData<AdapterMethod, double>(
        [
            new LortaOptions { Rank = 3 }, new LortaOptions { Rank = 3, Dropout = 0.2 }, new FullFineTuning(), new BitFit(), new HeadOnly(),
            new Lora { Rank = 2, Dropout = 0.1 }, new Dora { Rank = 2 }, new Vera { Rank = 4 }, new AdaLora { Rank = 3, TargetRank = 1 },
            new Nola { Rank = 2, Bases = 3 }, new HoulsbyAdapters { Bottleneck = 3 },
        ],
        [0, 0.1]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void LossAndGradientsAreThoseOfThePlainBackward(AdapterMethod method, double dropout)
    {
        using SequenceClassifier model = Model(dropout);
        using Adapter adapter = method.Attach(model);
        Disturb(adapter);
        Compare(model, adapter.Trained, adapter.Use);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void RowsWithAdaptersOfTheirOwnGetTheirGradients(double dropout)
    {
        using SequenceClassifier model = Model(dropout);
        LortaAdapter[] adapters = [.. Enumerable.Range(0, 2).Select(index => LortaAdapter.Attach(model, new LortaOptions { Rank = 2 }, $"{index}"))];
        Array.ForEach(adapters, Disturb);
        Compare(
            model,
            adapters.SelectMany(adapter => adapter.Trained.Select(entry => ($"{adapter.Name}.{entry.Name}", entry.Parameter))),
            () => AdapterScope.OfRows([adapters[0], adapters[1], adapters[0]]));
    }

    [Fact]
    public void AGradientOfTheInputReachesTheEmbeddings()
    {
        using SequenceClassifier model = Model(0.1);
        Parameter bias = model.named_parameters().Single(entry => entry.name.EndsWith("embeddings.LayerNorm.bias", StringComparison.Ordinal)).parameter;
        bias.requires_grad = true;
        using LortaAdapter adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 2 });
        Disturb(adapter);
        Compare(model, [("embeddings", bias), .. adapter.Trained], adapter.Use);
    }

    [Fact]
    public void ALayerThatCantBeComputedAgainIsToldOfByTheNextForward()
    {
        using SequenceClassifier model = Model(0);
        model.Encoder.GradientCheckpointing = true;
        using LortaAdapter adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 2 });
        Tensor loss = Loss(model, adapter.Use);
        adapter.Detach();
        loss.backward();
        string message = Assert.Throws<InvalidOperationException>(() => Loss(model, AdapterScope.Base)).Message;
        Assert.Contains("could not be computed again in the backward: The adapter 'default' is detached", message, StringComparison.Ordinal);
        Loss(model, AdapterScope.Base).backward();
    }

    [Fact]
    public void WithoutGradientsNothingChanges()
    {
        using SequenceClassifier model = Model(0);
        model.eval();
        using IDisposable noGrad = no_grad();
        Tensor plain = model.forward(_ids, _mask, null);
        model.Encoder.GradientCheckpointing = true;
        Near.Absolute(plain, model.forward(_ids, _mask, null), 0, "logits");
    }

    [Fact]
    public void NoTensorIsLeftOver()
    {
        using SequenceClassifier model = Model(0.1);
        model.Encoder.GradientCheckpointing = true;
        using LortaAdapter adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 2 });
        long[] counts = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            using (NewDisposeScope())
            {
                Loss(model, adapter.Use).backward();
            }

            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        })];
        Assert.Equal(counts[1], counts[3]);
    }

    [Theory]
    [InlineData("bert-tiny")]
    [InlineData("roberta-tiny")]
    public void FineTuningHasThePlainLossesAndLeavesTheEncoderAsItWas(string model)
    {
        TextExample[] rows = [new(new TextInput("a good day"), 1), new(new TextInput("a bad night"), 0), new(new TextInput("good luck", "indeed"), 1)];
        (double Loss, bool After) plain = LastLoss(checkpointing: false), checkpointed = LastLoss(checkpointing: true);
        Assert.Equal(plain.Loss, checkpointed.Loss, 1e-5);
        Assert.False(checkpointed.After);

        (double Loss, bool After) LastLoss(bool checkpointing)
        {
            using TextClassifier classifier = TextClassifier.Create(SharedData.Require($"reference/models/{model}"), TaskLabels.Classes(["no", "yes"]), new LortaOptions { Rank = 3 }, seed: 7);
            var options = new FineTuningOptions { Epochs = 3, BatchSize = 2, GradientCheckpointing = checkpointing };
            TrainingResult result = new FineTuning(classifier, options).Run(rows, [], TestContext.Current.CancellationToken);
            return (result.Epochs[^1].Loss, classifier.Model.Encoder.GradientCheckpointing);
        }
    }

    public void Dispose() => _scope.Dispose();

    private static SequenceClassifier Model(double dropout)
    {
        manual_seed(3).Dispose();
        var model = new BertForSequenceClassification(
            new EncoderConfig
            {
                VocabularySize = 12, Width = 16, Layers = 3, Heads = 4, IntermediateWidth = 24, MaxPositions = 8,
                HiddenDropout = dropout, AttentionDropout = dropout,
            },
            labels: 2);
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        foreach ((_, Parameter parameter) in model.HeadParameters())
        {
            parameter.requires_grad = true;
        }

        return model;
    }

    /// <summary>Gives factors that start at zero other values, so that every gradient is one.</summary>
    private static void Disturb(Adapter adapter)
    {
        using IDisposable noGrad = no_grad();
        foreach ((_, Parameter parameter) in adapter.Trained)
        {
            parameter.add_(randn_like(parameter).mul_(0.1));
        }
    }

    private void Compare(SequenceClassifier model, IEnumerable<(string Name, Parameter Parameter)> trained, Func<AdapterScope> use)
    {
        (string Name, Parameter Parameter)[] all = [.. trained, .. model.HeadParameters()];
        (Tensor loss, Tensor[] plain, Tensor next) = Run(checkpointing: false);
        (Tensor sameLoss, Tensor[] recomputed, Tensor sameNext) = Run(checkpointing: true);
        Near.Absolute(loss, sameLoss, 0, "The loss");
        Assert.True(next.equal(sameNext).all().ToBoolean(), "The generator draws on from another state.");
        foreach (((string name, _), (Tensor expected, Tensor actual)) in all.Zip(plain.Zip(recomputed)))
        {
            Near.Absolute(expected, actual, 1e-6, $"The gradient of {name}");
        }

        (Tensor Loss, Tensor[] Gradients, Tensor NextDrawn) Run(bool checkpointing)
        {
            model.Encoder.GradientCheckpointing = checkpointing;
            manual_seed(5).Dispose();
            Tensor result = Loss(model, use);
            result.backward();
            Tensor[] gradients = [.. all.Select(entry => entry.Parameter.grad!.clone())];
            foreach ((_, Parameter parameter) in all)
            {
                parameter.grad = null;
            }

            return (result, gradients, rand(8));
        }
    }

    private Tensor Loss(SequenceClassifier model, Func<AdapterScope> use)
    {
        using AdapterScope scope = use();
        return nn.functional.cross_entropy(model.forward(_ids, _mask, null), _labels);
    }
}
