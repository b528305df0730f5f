using Glue.Data;
using Glue.Output;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>One way to learn the embedded task, and what it came to.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Accuracy">The share of right answers on rows not trained on.</param>
/// <param name="Trained">How many numbers were trained beside the head.</param>
/// <param name="Head">How many the head has; 0 without one.</param>
/// <param name="AdapterBytes">The size of the adapter's file; null where there is none.</param>
internal sealed record ComparisonRow(string Name, double Accuracy, long Trained, long Head, long? AdapterBytes);

/// <summary>Learns the embedded task in three ways: by counting words, by a head on the frozen encoder, and by LoRTA.</summary>
internal static class Comparison
{
    private static readonly FineTuneSettings Settings = new()
    {
        Method = new LortaOptions { Rank = 8, Alpha = 8 },
        Epochs = 8,
        Batch = 32,
    };

    /// <summary>Runs all three on one task and keeps LoRTA's adapter.</summary>
    /// <param name="seed">Fixes the rows and the training.</param>
    /// <param name="folder">Where the adapter is written.</param>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="cancellation">Stops it.</param>
    public static IReadOnlyList<ComparisonRow> Run(int seed, string folder, bool quiet, CancellationToken cancellation)
    {
        LabelledData data = LabelledData.Embedded(seed);
        (double accuracy, int weights) = BagOfWords.Score(data.Train, data.Dev[0].Examples, seed);
        return
        [
            new("bag of words, logistic regression", accuracy, weights, 0, null),
            FineTune("frozen encoder, trained head", Settings with { Method = new HeadOnly(), Seed = seed }),
            FineTune("LoRTA", Settings with { Seed = seed }),
        ];

        ComparisonRow FineTune(string name, FineTuneSettings settings)
        {
            var tuner = new FineTuner(BaseModel.Embedded, data, settings);
            using TextClassifier classifier = tuner.Classifier;
            TrainingResult result = TrainingDisplay.Show(name, quiet, progress => tuner.Run(progress, cancellation));
            long? bytes = null;
            if (settings.Method is LortaOptions)
            {
                TrainedFolder.Save(folder, tuner.Describe(BaseModel.Embedded, result), classifier);
                bytes = TrainedFolder.AdapterBytes(folder);
            }

            return new(name, result.Best!.Metrics["accuracy"], tuner.MethodParameters, tuner.TrainedParameters - tuner.MethodParameters, bytes);
        }
    }
}
