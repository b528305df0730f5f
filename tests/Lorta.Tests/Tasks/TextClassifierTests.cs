using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using Lorta.Tasks;
using Lorta.Text;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Tasks;

[Collection(GlobalGenerator.Name)]
public sealed class TextClassifierTests : IDisposable
{
    private static readonly TextExample[] Rows =
    [
        new(new TextInput("a good day"), 1), new(new TextInput("a bad night"), 0), new(new TextInput("what a good evening", "indeed"), 1),
        new(new TextInput("bad luck"), 0), new(new TextInput("good luck"), 1), new(new TextInput("a bad bad week"), 0),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;

    public static TheoryData<string> Models => ["bert-tiny", "roberta-tiny"];

    public static TheoryData<string, AdapterMethod> Methods => new MatrixTheoryData<string, AdapterMethod>(
        ["bert-tiny", "roberta-tiny"],
        [
            new LortaOptions { Rank = 3 }, new HeadOnly(), new FullFineTuning(), new BitFit(), new Lora { Rank = 3 }, new LoraPlus { Rank = 3, RateRatio = 4 },
            new LoraFa { Rank = 3 }, new Dora { Rank = 3 }, new Vera { Rank = 20 }, new AdaLora { Rank = 3, TargetRank = 1 }, new Nola { Rank = 3, Bases = 6 },
            new HoulsbyAdapters { Bottleneck = 4 }, new PfeifferAdapters { Bottleneck = 4 }, new AdapterDrop { Bottleneck = 4, DroppedLayers = 1 },
        ]);

    [Theory]
    [MemberData(nameof(Methods))]
    public void TrainedSavedAndLoadedItPredictsTheSame(string model, AdapterMethod method)
    {
        string folder = Base(model);
        IReadOnlyList<float[]> expected;
        using (TextClassifier trained = Trained(folder, method))
        {
            expected = Predict(trained);
            trained.Save(_folder);
        }

        using TextClassifier loaded = TextClassifier.Load(_folder, folder);
        Assert.Equal(expected, Predict(loaded));
        Assert.Equal(method, loaded.Adapter.Method);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void TheExportedFolderIsAPlainModelWithTheMergedLogits(string model)
    {
        using TextClassifier trained = Trained(Base(model), new LortaOptions { Rank = 3 });
        IReadOnlyList<float[]> expected = Predict(trained);
        Dictionary<string, Tensor> before = trained.Model.Encoder.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        trained.Export(_folder);
        Assert.All(trained.Model.Encoder.state_dict(), entry => Assert.True(before[entry.Key].equal(entry.Value).all().ToBoolean()));

        using SequenceClassifier plain = SequenceClassifier.Load(_folder);
        TextTokenizer tokenizer = TextTokenizer.Load(_folder);
        using IDisposable noGrad = no_grad();
        foreach ((TextExample row, float[] logits) in Rows.Zip(expected))
        {
            using TokenBatch batch = TokenBatch.Collate([tokenizer.Encode(row.Input.Text, row.Input.Pair)], tokenizer.PadId);
            using Tensor actual = plain.forward(batch.InputIds, batch.AttentionMask, batch.TokenTypeIds);
            Near.Absolute(tensor(logits).unsqueeze(0), actual, 1e-5, "logits");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void WrittenForPeftAndLoadedItPredictsTheSame(string model)
    {
        using TextClassifier trained = Trained(Base(model), new LortaOptions { Rank = 3 });
        trained.SavePeft(_folder);
        using TextClassifier loaded = TextClassifier.Load(_folder, Base(model));
        Assert.IsType<Lora>(loaded.Adapter.Method);
        Assert.Equal(["LABEL_0", "LABEL_1"], loaded.Labels.Names);
        foreach ((float[] expected, float[] actual) in Predict(trained).Zip(Predict(loaded)))
        {
            Near.Absolute(tensor(expected), tensor(actual), 1e-5, "logits");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void FoldersOfPeftAndOfTheAuthorsLoadAndTrainOn(string model)
    {
        foreach (string folder in new[] { $"peft/{model}/lora", $"peft/{model}/vera", $"lorta-authors/{model}" })
        {
            using TextClassifier classifier = TextClassifier.Load(SharedData.Require($"reference/{folder}"), Base(model));
            IReadOnlyList<float[]> before = Predict(classifier);
            new FineTuning(classifier, new FineTuningOptions { Epochs = 1, BatchSize = 4 }).Run(Rows, [], TestContext.Current.CancellationToken);
            Assert.NotEqual(before, Predict(classifier));
            Assert.DoesNotContain(classifier.Model.HeadParameters(), entry => entry.Name.Contains("pooler", StringComparison.Ordinal) && entry.Parameter.requires_grad);
        }
    }

    [Fact]
    public void AMethodThatPeftLacksIsNotWrittenForIt()
    {
        using TextClassifier trained = Trained(Base("bert-tiny"), new HoulsbyAdapters { Bottleneck = 2 });
        Assert.Contains("PEFT has no such method", Assert.Throws<NotSupportedException>(() => trained.SavePeft(_folder)).Message, StringComparison.Ordinal);
        Assert.Contains("can't be merged", Assert.Throws<InvalidOperationException>(() => trained.Export(_folder)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void TwoHeadsAndAdaptersShareOneEncoder()
    {
        string folder = Base("bert-tiny");
        using SequenceClassifier model = SequenceClassifier.Load(folder);
        TextTokenizer tokenizer = TextTokenizer.Load(folder);
        TextClassifier[] classifiers = [.. Enumerable.Range(0, 2).Select(index =>
        {
            using TextClassifier trained = Trained(folder, new LortaOptions { Rank = 2 + index });
            trained.Save(Path.Combine(_folder, $"{index}"));
            using AdapterFolder stored = AdapterFolder.Open(Path.Combine(_folder, $"{index}"));
            TextClassifier loaded = TextClassifier.Load(stored, model.WithNewHead(2), tokenizer);
            Assert.Equal(Predict(trained), Predict(loaded));
            return loaded;
        })];
        Assert.NotEqual(Predict(classifiers[0]), Predict(classifiers[1]));

        // Rows of both in one batch, by turns: each gets what its own classifier gives it.
        TokenizedText[] rows = [.. Rows.Select(row => classifiers[0].Encode(row.Input))];
        (TextClassifier Classifier, TokenizedText Row)[] mixed = [.. rows.Select((row, index) => (classifiers[index % 2], row))];
        float[] together = [.. TextClassifier.PredictTogether(mixed, cancellation: TestContext.Current.CancellationToken).SelectMany(logits => logits)];
        Assert.Equal(mixed.SelectMany(row => row.Classifier.Predict([row.Row], cancellation: TestContext.Current.CancellationToken)[0]), together, (x, y) => Math.Abs(x - y) < 1e-5);
        using TextClassifier other = Trained(folder, new HeadOnly());
        var error = Assert.Throws<ArgumentException>(() => TextClassifier.PredictTogether(
            [(classifiers[0], rows[0]), (other, rows[0])], cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("different models", error.Message, StringComparison.Ordinal);
        classifiers[0].Dispose();
        Assert.NotEmpty(Predict(classifiers[1]));
        classifiers[1].Dispose();
    }

    [Fact]
    public void AnotherBaseIsRefusedByTheSizeThatDiffers()
    {
        using (TextClassifier trained = Trained(Base("bert-tiny"), new LortaOptions { Rank = 3 }))
        {
            trained.Save(_folder);
        }

        string other = SharedData.Require("models/all-MiniLM-L6-v2");
        string message = Assert.Throws<CheckpointException>(() => TextClassifier.Load(_folder, other)).Message;
        Assert.Contains("layers 3, and this one has 6", message, StringComparison.Ordinal);
    }

    [Fact]
    public void DetachingFullFineTuningGivesTheBaseBack()
    {
        string folder = Base("bert-tiny");
        using SequenceClassifier original = SequenceClassifier.Load(folder);
        using TextClassifier trained = Trained(folder, new FullFineTuning());
        Parameter Sample(SequenceClassifier model) => model.Encoder.named_parameters().First(entry => entry.name.EndsWith("query.weight", StringComparison.Ordinal)).parameter;
        Assert.False(Sample(original).equal(Sample(trained.Model)).all().ToBoolean());
        trained.Adapter.Detach();
        Assert.True(Sample(original).equal(Sample(trained.Model)).all().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void ABaseInBFloat16GivesTheSameLogitsAndGradientsButForRounding(string model, AdapterMethod method)
    {
        using DisposeScope scope = NewDisposeScope();
        using TextClassifier classifier = TextClassifier.Create(Base(model), TaskLabels.Classes(["no", "yes"]), method, seed: 7);
        if (method is FullFineTuning or BitFit)
        {
            string message = Assert.Throws<InvalidOperationException>(() => classifier.UseBFloat16(isSupported: true)).Message;
            Assert.Contains($"The method {method.Name} trains the base's own numbers", message, StringComparison.Ordinal);
            return;
        }

        Parameter[] trained = [.. classifier.Model.HeadParameters().Concat(classifier.Adapter.Trained).Select(entry => entry.Parameter)];
        using (no_grad())
        {
            Array.ForEach(trained, parameter => parameter.add_(randn_like(parameter).mul_(0.05)));
        }

        (Tensor Logits, Tensor Gradient) plain = Step(), rounded;
        classifier.UseBFloat16(isSupported: true);
        Assert.All(classifier.Model.Encoder.parameters(), parameter => Assert.Equal((ScalarType.BFloat16, false), (parameter.dtype, parameter.requires_grad)));
        rounded = Step();
        Near.Relative(plain.Logits, rounded.Logits, 0.05, "Logits"); // bfloat16 has 8 bits
        double difference = ((rounded.Gradient - plain.Gradient).norm() / plain.Gradient.norm()).ToDouble();
        Assert.True(difference < 0.15, $"The gradient differs by {difference:p1}."); // some hundred roundings of 0.2 % on its way

        (Tensor Logits, Tensor Gradient) Step()
        {
            using TokenBatch batch = TokenBatch.Collate([.. Rows.Select(row => classifier.Encode(row.Input))], classifier.Tokenizer.PadId);
            Tensor logits = classifier.Logits(batch); // [b, 2]
            nn.functional.cross_entropy(logits, tensor([.. Rows.Select(row => (long)row.Label)])).backward();
            Tensor gradient = cat([.. trained.Select(parameter => parameter.grad!.flatten())]);
            Array.ForEach(trained, parameter => parameter.grad = null);
            Assert.Equal((ScalarType.Float32, ScalarType.Float32), (logits.dtype, gradient.dtype));
            return (logits.detach(), gradient);
        }
    }

    [Fact]
    public void ABaseInBFloat16TrainsAndPredicts()
    {
        using TextClassifier classifier = TextClassifier.Create(Base("bert-tiny"), TaskLabels.Classes(["no", "yes"]), new LortaOptions { Rank = 3 }, seed: 7);
        classifier.UseBFloat16(isSupported: true);
        IReadOnlyList<float[]> before = Predict(classifier);
        new FineTuning(classifier, new FineTuningOptions { Epochs = 1, GradientCheckpointing = true }).Run(Rows, Rows, TestContext.Current.CancellationToken);
        Assert.NotEqual(before, Predict(classifier));
        Assert.All(Predict(classifier).SelectMany(row => row), logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void BFloat16IsRefusedWhereTheProcessorIsSlowInIt()
    {
        using TextClassifier classifier = TextClassifier.Create(Base("bert-tiny"), TaskLabels.Classes(["no", "yes"]), new HeadOnly());
        string message = Assert.Throws<NotSupportedException>(() => classifier.UseBFloat16(isSupported: false)).Message;
        Assert.Contains("neither AVX512-BF16 nor AMX", message, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelsOutOfRangeAreNamed()
    {
        using TextClassifier classifier = TextClassifier.Create(Base("bert-tiny"), TaskLabels.Classes(["no", "yes"]), new HeadOnly());
        TextExample[] rows = [Rows[0], Rows[1] with { Label = 2 }];
        string message = Assert.Throws<ArgumentException>(() => new FineTuning(classifier, new FineTuningOptions()).Run(rows, [], TestContext.Current.CancellationToken)).Message;
        Assert.Contains("row 2 is 2", message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Base(string model) => SharedData.Require($"reference/models/{model}");

    private static IReadOnlyList<float[]> Predict(TextClassifier classifier) =>
        classifier.Predict([.. Rows.Select(row => classifier.Encode(row.Input))], batchSize: 4);

    private static TextClassifier Trained(string folder, AdapterMethod method)
    {
        TextClassifier classifier = TextClassifier.Create(folder, TaskLabels.Classes(["no", "yes"]), method, seed: 7);
        var options = new FineTuningOptions { Epochs = 3, BatchSize = 4, HeadRate = 1e-2, AdapterRate = 1e-2 };
        TrainingResult result = new FineTuning(classifier, options).Run(Rows, Rows, TestContext.Current.CancellationToken);
        Assert.Equal(options.Epochs, result.Epochs.Count);
        return classifier;
    }
}
