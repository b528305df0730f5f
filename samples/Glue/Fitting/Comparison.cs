using Glue.Data;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>One way to learn the embedded task, and what it came to.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Accuracy">The share of right answers on rows not trained on.</param>
/// <param name="Trained">How many numbers were trained beside the head.</param>
/// <param name="Head">How many the head has; 0 without one.</param>
/// <param name="AdapterBytes">The size of the file of adapter and head; null where there is none.</param>
internal sealed record ComparisonRow(string Name, double Accuracy, long Trained, long Head, long? AdapterBytes);

/// <summary>Learns the embedded task in three ways: by counting words, by a head on the frozen encoder, and by LoRTA.</summary>
internal static class Comparison
{
    private static readonly FineTuningOptions Options = new() { Epochs = 4, BatchSize = 32, BestMetric = "accuracy" };

    /// <summary>Runs all three on the same rows and keeps LoRTA's adapter.</summary>
    /// <param name="model">The encoder's folder, or <see cref="BaseModel.Embedded"/>.</param>
    /// <param name="seed">Fixes the rows and the training.</param>
    /// <param name="folder">Where the adapter is written.</param>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="cancellation">Stops it.</param>
    public static IReadOnlyList<ComparisonRow> Run(string model, int seed, string folder, bool quiet, CancellationToken cancellation)
    {
        EmbeddedEncoder.UseOneThread();
        LabelledData data = LabelledData.Embedded(seed);
        (double accuracy, int weights) = BagOfWords.Score(data.Train, data.Dev[0].Examples, seed);
        using FineTunedModel head = Train("frozen encoder, trained head", new HeadOnly());
        using FineTunedModel lorta = Train("frozen encoder, LoRTA and head", new LortaOptions());
        TrainedFolder.Save(folder, data, model, seed, lorta);
        return
        [
            new("bag of words, logistic regression", accuracy, weights, 0, null),
            Row("frozen encoder, trained head", head, null),
            Row("frozen encoder, LoRTA and head", lorta, new FileInfo(Path.Combine(folder, AdapterFolder.WeightsName)).Length),
        ];

        FineTunedModel Train(string title, AdapterMethod method) => FineTunedModel.Train(
            model, data, new FineTuneSettings(method, Options with { Seed = seed }), quiet ? null : title, cancellation);

        static ComparisonRow Row(string name, FineTunedModel trained, long? bytes) =>
            new(name, trained.Best.Metrics["accuracy"], trained.AdapterParameters, trained.HeadParameters, bytes);
    }
}
