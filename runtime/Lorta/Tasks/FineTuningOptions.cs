using Lorta.Training;

namespace Lorta.Tasks;

/// <summary>How a text classifier is fine-tuned.</summary>
public sealed record FineTuningOptions
{
    /// <summary>How often the training rows are gone through; at least 1.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>Rows of an optimizer step; at least 1.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The most rows that one forward takes, the others of a batch being accumulated; null for the whole batch.</summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>
    /// Keeps of each encoder layer only its input for the backward, which computes the layer again: less memory for more
    /// time (<see cref="Models.Encoder.GradientCheckpointing"/>).
    /// </summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>The head's highest learning rate.</summary>
    public double HeadRate { get; init; } = 1e-3;

    /// <summary>The adapter's highest learning rate.</summary>
    public double AdapterRate { get; init; } = 1e-2;

    /// <summary>AdamW's weight decay of the head's weights; its biases have none.</summary>
    public double HeadWeightDecay { get; init; }

    /// <summary>AdamW's weight decay of the adapter.</summary>
    public double AdapterWeightDecay { get; init; }

    /// <summary>How the learning rates go.</summary>
    public LearningRateSchedule Schedule { get; init; } = new(ScheduleShape.Linear, 0.06);

    /// <summary>The norm of all gradients above which they are scaled down to it; null for never.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>Fixes data order and dropout.</summary>
    public long Seed { get; init; }

    /// <summary>The score by which the best epoch is kept; null keeps the last.</summary>
    public string? BestMetric { get; init; }

    /// <summary>Epochs without a better score after which the run stops; null for never.</summary>
    public int? Patience { get; init; }

    /// <summary>Where the run's state is kept, to resume it after a stop; null for nowhere.</summary>
    public string? StateFile { get; init; }

    /// <summary>Optimizer steps between writings of the state within an epoch; null for none.</summary>
    public int? SaveEvery { get; init; }
}
