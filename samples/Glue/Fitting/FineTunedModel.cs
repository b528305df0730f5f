using Glue.Data;
using Glue.Output;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>A model that was fine-tuned to a task.</summary>
/// <param name="Classifier">The model, as it was after its best epoch.</param>
/// <param name="Result">What each epoch came to.</param>
internal sealed record FineTunedModel(TextClassifier Classifier, TrainingResult Result) : IDisposable
{
    /// <summary>The epoch whose numbers the model has.</summary>
    public EpochRecord Best => Result.Best ?? Result.Epochs[^1];

    /// <summary>How many numbers were trained beside the head.</summary>
    public long AdapterParameters => Classifier.Adapter.TrainableCount;

    /// <summary>How many numbers the head has.</summary>
    public long HeadParameters => Classifier.Model.HeadParameters().Sum(entry => entry.Parameter.numel());

    /// <summary>Fine-tunes a model: the same model, rows and settings give the same numbers.</summary>
    /// <param name="model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
    /// <param name="data">The task and its rows; the first evaluation set picks the best epoch.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="title">What the progress is called; null to show none.</param>
    /// <param name="cancellation">Stops the run; its state is written first.</param>
    /// <param name="log">Hears of the training; null for none.</param>
    /// <param name="stopWhen">Says after each epoch whether the run ends there; null for never.</param>
    public static FineTunedModel Train(
        string model,
        LabelledData data,
        FineTuneSettings settings,
        string? title,
        CancellationToken cancellation,
        IProgress<TrainingProgress>? log = null,
        Func<IReadOnlyList<EpochRecord>, bool>? stopWhen = null)
    {
        TextClassifier classifier = TextClassifier.Create(
            BaseModel.Folder(model), data.Task.Outputs, settings.Method, settings.MaxLength, settings.Options.Seed);
        try
        {
            if (settings.BFloat16)
            {
                classifier.UseBFloat16();
            }

            return TrainingDisplay.Show(title, log, progress => new FineTunedModel(
                classifier,
                new FineTuning(classifier, settings.Options) { Progress = progress, StopWhen = stopWhen }.Run(data.Train, data.Dev[0].Examples, cancellation)));
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    public void Dispose() => Classifier.Dispose();
}
