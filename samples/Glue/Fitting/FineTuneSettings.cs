using Lorta.Adapters;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>How a model is fine-tuned.</summary>
internal sealed record FineTuneSettings
{
    /// <summary>What is trained beside the head.</summary>
    public AdapterMethod Method { get; init; } = new LortaOptions();

    /// <summary>The learning rate of what the method trains beside the head.</summary>
    public double Rate { get; init; } = 1e-2;

    public double HeadRate { get; init; } = 1e-3;

    /// <summary>On the head's weights, not on its biases.</summary>
    public double HeadWeightDecay { get; init; }

    public int Epochs { get; init; } = 4;

    public int Batch { get; init; } = 32;

    /// <summary>Rows in one forward; null for the whole batch.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>Tokens of a row.</summary>
    public int MaxLength { get; init; } = 128;

    public LearningRateSchedule Schedule { get; init; } = new(ScheduleShape.Linear, 0.06);

    public double? ClipNorm { get; init; }

    /// <summary>Epochs without a better score until the run stops; null for never.</summary>
    public int? Patience { get; init; }

    public int Seed { get; init; } = 1;
}
