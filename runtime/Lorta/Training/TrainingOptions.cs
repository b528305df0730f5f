using System.Globalization;

namespace Lorta.Training;

/// <summary>What a run does. A property's default is given with it; <see cref="Trainer"/> refuses values out of range.</summary>
public sealed record TrainingOptions
{
    /// <summary>How often all batches are gone through; at least 1, which is the default.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>How the learning rates go; by default linear after a warm-up of 6 %.</summary>
    public LearningRateSchedule Schedule { get; init; } = new(ScheduleShape.Linear, 0.06);

    /// <summary>AdamW's decay of the gradient's mean, in [0, 1); by default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the squared gradient's mean, in [0, 1); by default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What AdamW adds to the denominator, after the root and its bias correction; by default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The norm of all gradients together above which they are scaled down to it; null, the default, never.</summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>
    /// The most rows that one forward takes. A batch of more rows is gone through in parts whose gradients add up to the whole batch's;
    /// null, the default, takes each batch at once.
    /// </summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>Fixes the order of the rows and, by torch's global generator, all that is random in a step; by default 0.</summary>
    public long Seed { get; init; }

    /// <summary>Which of the <see cref="World"/> machines this is, from 0; each takes its share of every batch.</summary>
    public int Rank { get; init; }

    /// <summary>How many machines train together; by default 1.</summary>
    public int World { get; init; } = 1;

    /// <summary>
    /// The metric by which the best epoch is chosen, whose parameters the model has at the end; null, the default, leaves it the last epoch's.
    /// </summary>
    public string? BestMetric { get; init; }

    /// <summary>Whether a lower <see cref="BestMetric"/> is better, as it is of a loss; by default not.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>After how many epochs without a better <see cref="BestMetric"/> the run stops; null, the default, never.</summary>
    public int? Patience { get; init; }

    /// <summary>
    /// The file that the run's state is written to after each epoch, and from which a run goes on if it is there; null, the default, for none.
    /// Ranks need a file each.
    /// </summary>
    public string? StateFile { get; init; }

    /// <summary>Optimizer steps between writings of the state within an epoch; null, the default, for none.</summary>
    public int? SaveEvery { get; init; }

    /// <summary>
    /// Steps between reports of progress, each of which waits for the device; null, the default, is 1 on the CPU and 16 elsewhere.
    /// Every step's loss is looked at whatever this is.
    /// </summary>
    public int? ReportEvery { get; init; }

    /// <summary>
    /// What else decides a run's numbers (base model, task, the adapter's rank, ...), by name: a run is resumed only with the same.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <exception cref="TrainingException">An option is out of range.</exception>
    internal void Validate()
    {
        RequireAtLeastOne(Epochs, nameof(Epochs));
        RequireAtLeastOne(MicroBatchSize, nameof(MicroBatchSize));
        RequireAtLeastOne(World, nameof(World));
        RequireAtLeastOne(Patience, nameof(Patience));
        RequireAtLeastOne(SaveEvery, nameof(SaveEvery));
        RequireAtLeastOne(ReportEvery, nameof(ReportEvery));
        Require(Rank >= 0 && Rank < World, nameof(Rank), Rank, $"from 0 to {World - 1}");
        Require(Schedule.WarmupRatio is >= 0 and <= 1, nameof(Schedule.WarmupRatio), Schedule.WarmupRatio, "from 0 to 1");
        Require(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "at least 0 and below 1");
        Require(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "at least 0 and below 1");
        Require(Epsilon >= 0, nameof(Epsilon), Epsilon, "at least 0");
        Require(MaxGradientNorm is null or > 0, nameof(MaxGradientNorm), MaxGradientNorm, "above 0");
        Require(Patience is null || BestMetric is not null, nameof(Patience), Patience, $"unset without {nameof(BestMetric)}");
        Require(SaveEvery is null || StateFile is not null, nameof(SaveEvery), SaveEvery, $"unset without {nameof(StateFile)}");
    }

    private static void RequireAtLeastOne(int? value, string name) => Require(value is null or >= 1, name, value, "at least 1");

    private static void Require(bool holds, string name, object? value, string range)
    {
        if (!holds)
        {
            throw new TrainingException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}: it must be {range}."));
        }
    }
}
