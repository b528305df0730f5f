namespace Lorta.Training;

/// <summary>How far a run is: with the parameters and the optimizer's moments, all that going on needs.</summary>
internal sealed record RunPosition
{
    /// <summary>Epochs done.</summary>
    public int Epoch { get; set; }

    /// <summary>Batches done of the present epoch; all of them while its evaluation is still to come.</summary>
    public int Batch { get; set; }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; set; }

    /// <summary>The sum of the present epoch's losses.</summary>
    public double LossSum { get; set; }

    /// <summary>How many losses are in <see cref="LossSum"/>.</summary>
    public int LossCount { get; set; }

    /// <summary>The epochs done, in order.</summary>
    public List<EpochRecord> History { get; init; } = [];

    /// <summary>Closes the present epoch.</summary>
    public EpochRecord FinishEpoch(IReadOnlyDictionary<string, double> metrics)
    {
        var record = new EpochRecord(++Epoch, LossSum / LossCount, metrics);
        History.Add(record);
        (Batch, LossSum, LossCount) = (0, 0, 0);
        return record;
    }

    /// <summary>The first of the epochs with the best value of <paramref name="metric"/>; null if none has a number for it.</summary>
    public EpochRecord? Best(string metric, bool lowerIsBetter)
    {
        double Score(EpochRecord epoch) => lowerIsBetter ? -epoch.Metrics[metric] : epoch.Metrics[metric];
        return History.Where(e => !double.IsNaN(Score(e))).MaxBy(Score);
    }
}
