namespace Lorta.Training;

/// <summary>How the learning rate goes after the warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls on a line to 0 at the end of the run.</summary>
    Linear,

    /// <summary>It falls on half a cosine wave to 0 at the end of the run.</summary>
    Cosine,
}

/// <summary>What every group's learning rate is multiplied by at each optimizer step.</summary>
/// <param name="Shape">How it goes after the warm-up.</param>
/// <param name="WarmupRatio">The share of all steps, 0 to 1, in which the factor rises on a line to 1.</param>
public sealed record LearningRateSchedule(ScheduleShape Shape, double WarmupRatio)
{
    /// <summary>
    /// The factor of step s (from 0) of S steps, in [0, 1]: (s + 1) / w in the first w = round(WarmupRatio S) steps, so that
    /// no step is lost at rate 0; after them with p = (s - w) / (S - w): 1 - p for linear, (1 + cos(pi p)) / 2 for cosine.
    /// </summary>
    /// <param name="step">The step, from 0 to <paramref name="totalSteps"/> - 1.</param>
    /// <param name="totalSteps">The steps of the whole run.</param>
    public double Factor(long step, long totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, totalSteps);
        double warmup = Math.Round(WarmupRatio * totalSteps);
        if (step < warmup)
        {
            return (step + 1) / warmup;
        }

        double progress = (step - warmup) / (totalSteps - warmup);
        return Shape switch
        {
            ScheduleShape.Constant => 1,
            ScheduleShape.Linear => 1 - progress,
            ScheduleShape.Cosine => (1 + Math.Cos(Math.PI * progress)) / 2,
            _ => throw new InvalidOperationException($"There is no schedule {Shape}."),
        };
    }
}
