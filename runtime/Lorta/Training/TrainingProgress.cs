namespace Lorta.Training;

/// <summary>Where a run is.</summary>
/// <param name="Step">Optimizer steps done, from the run's very start, so counting those before it was resumed.</param>
/// <param name="TotalSteps">Optimizer steps of the whole run.</param>
/// <param name="Epoch">The epoch of this step, from 1.</param>
/// <param name="Epochs">The epochs of the whole run.</param>
/// <param name="Loss">The mean loss of the step's rows (on this rank); NaN if it had none.</param>
/// <param name="ExamplesPerSecond">Rows of this rank a second, over the steps since this process began, without evaluation.</param>
/// <param name="TimeLeft">An estimate by the pace since this process began, evaluations in it; what early stopping saves is not.</param>
/// <param name="LearningRates">The step's learning rate by group.</param>
/// <param name="FinishedEpoch">The epoch that ended with this step and was evaluated; null within epochs.</param>
public sealed record TrainingProgress(
    long Step,
    long TotalSteps,
    int Epoch,
    int Epochs,
    double Loss,
    double ExamplesPerSecond,
    TimeSpan TimeLeft,
    IReadOnlyDictionary<string, double> LearningRates,
    EpochRecord? FinishedEpoch = null);

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Loss">The mean of its steps' losses.</param>
/// <param name="Metrics">What the evaluation after it gave, by name; empty without an evaluation.</param>
public sealed record EpochRecord(int Epoch, double Loss, IReadOnlyDictionary<string, double> Metrics);

/// <summary>What a run came to.</summary>
/// <param name="Epochs">Every epoch, in order.</param>
/// <param name="Best">The epoch whose parameters the model has; null if no best was asked for, or none was a number.</param>
/// <param name="StoppedEarly">Whether patience or the caller ended the run before its last epoch.</param>
public sealed record TrainingResult(IReadOnlyList<EpochRecord> Epochs, EpochRecord? Best, bool StoppedEarly);
