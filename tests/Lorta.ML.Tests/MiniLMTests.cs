using System.IO.Compression;
using Lorta.Adapters;
using Lorta.ML.Tests.Data;
using Lorta.Tasks;
using Lorta.Tests;
using Lorta.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Tests;

/// <summary>The estimator on a real pretrained model and real data.</summary>
public sealed class MiniLMTests
{
    private const int Models = 200;

    private readonly MLContext _mlContext = new(1);

    [Fact]
    public void ThePipelineGivesTheNumbersOfTheRuntime()
    {
        string folder = SharedData.Require("models/all-MiniLM-L6-v2");
        Sentence[] train = [.. ReadCola("train.tsv").Take(48)];
        Sentence[] dev = [.. ReadCola("dev.tsv").Take(24)];
        const int Seed = 5;

        TaskLabels labels = TaskLabels.Classes(["False", "True"]);
        var method = new LortaOptions { Rank = 4, Alpha = 1 };
        using TextClassifier classifier = TextClassifier.Create(folder, labels, method, maxLength: 32, seed: Seed);
        var tuning = new FineTuning(classifier, new FineTuningOptions { Epochs = 1, BatchSize = 16, AdapterRate = 1e-2, HeadRate = 1e-3, Seed = Seed, BestMetric = "matthews" });
        TrainingResult result = tuning.Run(Examples(train), Examples(dev), TestContext.Current.CancellationToken);
        IReadOnlyList<float[]> expected = classifier.Predict([.. dev.Select(row => classifier.Encode(new TextInput(row.Text)))], cancellation: TestContext.Current.CancellationToken);

        EpochRecord? epoch = null;
        var options = new LortaFineTuneOptions
        {
            BaseModel = folder, Task = LortaTask.BinaryClassification, Rank = 4, Alpha = 1, MaxLength = 32, Epochs = 1, BatchSize = 16,
            LearningRate = 1e-2, HeadLearningRate = 1e-3, HeadWeightDecay = 0, Seed = Seed,
            ValidationSet = _mlContext.Data.LoadFromEnumerable(dev), ValidationMetric = "matthews",
            Progress = new Last(progress => epoch = progress.FinishedEpoch ?? epoch),
        };
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(_mlContext.Data.LoadFromEnumerable(train));
        float[] scores = [.. model.Transform(_mlContext.Data.LoadFromEnumerable(dev)).GetColumn<float>("Score")];
        Assert.Equal(expected.Select(logits => logits[1] - logits[0]), scores);
        Assert.Equal(result.Epochs[0].Loss, epoch!.Loss);
        Assert.Equal(result.Epochs[0].Metrics, epoch.Metrics);
    }

    [Fact]
    public void ModelsOfOneBaseShareItsWeightsAndFreeThem()
    {
        string folder = SharedData.Require("models/all-MiniLM-L6-v2");
        using var saved = new MemoryStream();
        var options = new LortaFineTuneOptions { BaseModel = folder, MaxLength = 16, Epochs = 1 };
        using (LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(_mlContext.Data.LoadFromEnumerable(Opinion.Rows(6))))
        {
            _mlContext.Model.Save(model, null, saved);
        }

        // Each of many brings what was trained, its adapter and its head, and little else.
        using var zip = new ZipArchive(saved, ZipArchiveMode.Read, leaveOpen: true);
        long trained = zip.Entries.Single(entry => entry.Name.EndsWith("adapter_model.safetensors", StringComparison.Ordinal)).Length;
        var models = new List<ITransformer> { Load(saved) };
        Score(models[0]);
        long withOne = Memory();
        while (models.Count < Models)
        {
            models.Add(Load(saved));
        }

        Score(models[^1]);
        Assert.InRange(Memory() - withOne, 0, (long)(1.5 * Models * trained));
        models.ForEach(model => ((IDisposable)model).Dispose());

        // The base goes with the last: without that, each of these would leave another.
        long freed = Memory();
        for (int i = 0; i < 4; i++)
        {
            using var model = (IDisposable)Load(saved);
            Score((ITransformer)model);
        }

        Assert.True(Memory() - freed < new FileInfo(Path.Combine(folder, "model.safetensors")).Length);
    }

    private ITransformer Load(MemoryStream saved)
    {
        saved.Position = 0;
        return _mlContext.Model.Load(saved, out _);
    }

    private void Score(ITransformer model) =>
        Assert.Single(model.Transform(_mlContext.Data.LoadFromEnumerable(Opinion.Rows(1))).GetColumn<uint>("PredictedLabel"));

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet;
    }

    private static IEnumerable<Sentence> ReadCola(string file) => File.ReadLines(SharedData.Require($"glue/CoLA/{file}"))
        .Select(line => line.Split('\t'))
        .Select(fields => new Sentence { Text = fields[3], Label = fields[1] == "1" });

    private static TextExample[] Examples(Sentence[] rows) => [.. rows.Select(row => new TextExample(new TextInput(row.Text), row.Label ? 1 : 0))];

    private sealed class Sentence
    {
        public string Text { get; set; } = "";

        public bool Label { get; set; }
    }

    private sealed class Last(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
