using System.Globalization;
using Lorta.Models;
using Lorta.Text;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tasks;

/// <summary>Fine-tunes the adapter and the head of a text classifier on labelled rows.</summary>
/// <param name="classifier">The classifier.</param>
/// <param name="options">How it is trained.</param>
public sealed class FineTuning(TextClassifier classifier, FineTuningOptions options)
{
    /// <summary>Hears of steps and of finished epochs.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Asked after each epoch, with all epochs so far, whether the run ends there; it has one answer for the same epochs.</summary>
    public Func<IReadOnlyList<EpochRecord>, bool>? StopWhen { get; init; }

    /// <summary>Trains to the end, or goes on from the state file if there is one. The model is in evaluation mode afterwards.</summary>
    /// <param name="train">The training rows, at least one.</param>
    /// <param name="validation">The rows that are scored after each epoch; none for no scores.</param>
    /// <param name="cancellation">Stops within a step; the state is written first.</param>
    /// <returns>What each epoch came to.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled; another call goes on from its state file.</exception>
    /// <exception cref="TrainingException">An option is out of range, or the state file belongs to another run.</exception>
    /// <exception cref="DivergedException">A loss or a parameter became NaN or infinite.</exception>
    /// <exception cref="ArgumentException">A label is no class of the task.</exception>
    public TrainingResult Run(IReadOnlyList<TextExample> train, IReadOnlyList<TextExample> validation, CancellationToken cancellation = default)
    {
        TokenizedText[] rows = Encode(train, cancellation);
        float[] labels = Labels(train);
        TokenizedText[] heldOut = Encode(validation, cancellation);
        float[] heldOutLabels = Labels(validation);
        Encoder encoder = classifier.Model.Encoder;
        using var batches = new BatchPrefetcher<LabelledBatch>(Collate);
        var trainer = new Trainer(
            TrainingOptions(), Groups(), BatchOrder.Bucketed([.. rows.Select(row => row.Length)], options.BatchSize), Loss)
        {
            Upcoming = batches.Start,
            BeforeOptimizerStep = _ =>
            {
                encoder.ThrowIfBackwardFailed();
                classifier.Adapter.ThrowIfBackwardFailed();
            },
            AfterOptimizerStep = classifier.Adapter.AfterStep,
            State = [.. classifier.Adapter.TrainingState],
            StopWhen = StopWhen,
            Progress = Progress,
            Evaluate = validation.Count == 0 ? null : Evaluate,
        };
        classifier.Model.train();
        bool checkpointed = encoder.GradientCheckpointing;
        encoder.GradientCheckpointing = options.GradientCheckpointing;
        try
        {
            return trainer.Run(cancellation);
        }
        finally
        {
            encoder.GradientCheckpointing = checkpointed;
            classifier.Model.eval();
        }

        LabelledBatch Collate(IReadOnlyList<int> indices) => new(
            TokenBatch.Collate([.. indices.Select(index => rows[index])], classifier.Tokenizer.PadId, classifier.Device),
            tensor([.. indices.Select(index => labels[index])], device: classifier.Device));

        Tensor Loss(IReadOnlyList<int> indices)
        {
            using LabelledBatch batch = batches.Take(indices);
            using DisposeScope scope = NewDisposeScope();
            Tensor logits = classifier.Logits(batch.Rows); // [b, labels]
            Tensor loss = classifier.Labels.IsRegression
                ? functional.mse_loss(logits.squeeze(-1), batch.Labels)
                : functional.cross_entropy(logits, batch.Labels.to(ScalarType.Int64));
            return (classifier.Adapter.Penalty() is { } penalty ? loss.Plus(penalty) : loss).MoveToOuterDisposeScope();
        }

        IReadOnlyDictionary<string, double> Evaluate(CancellationToken stop)
        {
            classifier.Model.eval();
            try
            {
                return TextScores.Of(classifier.Labels, classifier.Predict(heldOut, cancellation: stop), heldOutLabels);
            }
            finally
            {
                classifier.Model.train();
            }
        }
    }

    private TokenizedText[] Encode(IReadOnlyList<TextExample> examples, CancellationToken cancellation) =>
        [.. examples.AsParallel().AsOrdered().WithCancellation(cancellation).Select(example => classifier.Encode(example.Input))];

    private float[] Labels(IReadOnlyList<TextExample> examples)
    {
        float[] labels = [.. examples.Select(example => example.Label)];
        int wrong = Array.FindIndex(labels, label => classifier.Labels.IsRegression
            ? !float.IsFinite(label)
            : label != MathF.Floor(label) || label < 0 || label >= classifier.Labels.Count);
        return wrong < 0
            ? labels
            : throw new ArgumentException(
                $"The label of row {wrong + 1} is {labels[wrong].ToString(CultureInfo.InvariantCulture)}, which is no label of the task.", nameof(examples));
    }

    /// <summary>The head's weights, its biases, which do not decay, and the adapter, by learning rate.</summary>
    private ParameterGroup[] Groups()
    {
        (string Name, Parameter Parameter)[] head = [.. classifier.Model.HeadParameters().Where(entry => entry.Parameter.requires_grad)];
        ParameterGroup[] groups =
        [
            new("head", [.. head.Where(entry => !IsBias(entry.Name))], options.HeadRate, options.HeadWeightDecay),
            new("head biases", [.. head.Where(entry => IsBias(entry.Name))], options.HeadRate),
            .. classifier.Adapter.Trained.GroupBy(entry => classifier.Adapter.RateOf(entry.Name)).OrderBy(group => group.Key).Select(group => new ParameterGroup(
                group.Key == 1 ? "adapter" : string.Create(CultureInfo.InvariantCulture, $"adapter x {group.Key}"),
                [.. group.Select(entry => ("adapter." + entry.Name, entry.Parameter))],
                options.AdapterRate * group.Key,
                options.AdapterWeightDecay)),
        ];
        return [.. groups.Where(group => group.Parameters.Count > 0)];

        static bool IsBias(string name) => name.EndsWith("bias", StringComparison.Ordinal);
    }

    private TrainingOptions TrainingOptions() => new()
    {
        Epochs = options.Epochs,
        Schedule = options.Schedule,
        MaxGradientNorm = options.MaxGradientNorm,
        MicroBatchSize = options.MicroBatchSize,
        Seed = options.Seed,
        BestMetric = options.BestMetric,
        Patience = options.Patience,
        StateFile = options.StateFile,
        SaveEvery = options.SaveEvery,
        Settings = new Dictionary<string, string>
        {
            ["base"] = string.Create(CultureInfo.InvariantCulture, $"{classifier.Model.Config}"),
            ["adapter"] = classifier.Adapter.Describe().ToJsonString(),
            ["labels"] = string.Join(", ", classifier.Labels.Names),
            ["type of the base's numbers"] = classifier.Model.Encoder.parameters().First().dtype.ToString(),
            ["gradient checkpointing"] = options.GradientCheckpointing ? "on" : "off", // sums gradients in another order
            ["maximum length"] = classifier.MaxLength.ToString(CultureInfo.InvariantCulture),
        },
    };

    private sealed record LabelledBatch(TokenBatch Rows, Tensor Labels) : IDisposable
    {
        public void Dispose()
        {
            Rows.Dispose();
            Labels.Dispose();
        }
    }
}
