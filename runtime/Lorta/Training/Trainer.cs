using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>
/// A training loop that knows no task: AdamW over groups of parameters, by the gradients of a loss function.
/// With a <see cref="TrainingOptions.StateFile"/> a run that was stopped at any moment, by whatever, goes on from the last state
/// and ends with the same bits as one that never was.
/// </summary>
/// <remarks>
/// <para>For the same bits the caller starts from the same frozen weights and the same first values of the trained parameters, and
/// the loss takes its randomness (dropout) from torch's global generator, which every step seeds from the run's seed and its own number.
/// Nothing else may draw from that generator while a run is under way.</para>
/// <para>Every delegate is called on the thread that calls <see cref="Run"/>. Parameters are read once, when a run starts:
/// move the model to its device before.</para>
/// </remarks>
public sealed class Trainer
{
    /// <summary>A loop over given parameters, batches and loss.</summary>
    /// <param name="options">What a run does.</param>
    /// <param name="groups">The trained parameters, at least one; all on one device.</param>
    /// <param name="order">The rows of each batch.</param>
    /// <param name="loss">
    /// Gives, for rows of a batch, their mean loss as a scalar that requires a gradient. What it makes besides is disposed after it;
    /// where it opens a dispose scope of its own, it moves the loss out.
    /// </param>
    /// <exception cref="TrainingException">An option is out of range, or a parameter is given twice or needs no gradient.</exception>
    public Trainer(TrainingOptions options, IReadOnlyList<ParameterGroup> groups, BatchOrder order, Func<IReadOnlyList<int>, Tensor> loss)
    {
        (Options, Groups, Order, Loss) = (options, groups, order, loss);
        options.Validate();
        ValidateGroups();
    }

    /// <summary>
    /// Scores the model after each epoch: metrics by name. It is called without gradients in a dispose scope of its own, and leaves the
    /// model in the mode (train or eval) that it found it in. It may heed the run's cancellation: a resumed run evaluates anew.
    /// </summary>
    public Func<CancellationToken, IReadOnlyDictionary<string, double>>? Evaluate { get; init; }

    /// <summary>
    /// Called between the backward and the optimizer's step with the number of the step, from 0. Gradients are weighted such that their sum
    /// over all ranks is that of the whole batch's mean loss: here is where ranks sum them. With more than one rank every parameter has one.
    /// </summary>
    public Action<long>? BeforeOptimizerStep { get; init; }

    /// <summary>Called after the optimizer's step, with its gradients still there, with the number of the step, from 1, and how many there are.</summary>
    public Action<long, long>? AfterOptimizerStep { get; init; }

    /// <summary>Tensors by name that the callbacks change and a resumed run needs: the state file keeps them beside the parameters.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> State { get; init; } = [];

    /// <summary>Called before a forward with the rows of the one after it, the same object that the loss will get.</summary>
    public Action<IReadOnlyList<int>>? Upcoming { get; init; }

    /// <summary>Asked after each epoch, with all epochs so far, whether the run ends there; it has one answer for the same epochs.</summary>
    public Func<IReadOnlyList<EpochRecord>, bool>? StopWhen { get; init; }

    /// <summary>Hears of steps and of finished epochs, the latter after their state is written.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    internal TrainingOptions Options { get; }

    internal IReadOnlyList<ParameterGroup> Groups { get; }

    internal BatchOrder Order { get; }

    internal Func<IReadOnlyList<int>, Tensor> Loss { get; }

    /// <summary>Trains to the end, from the state file if there is one. The parameters then are the best epoch's, or the last's.</summary>
    /// <param name="cancellation">Stops within a step; the state of the last whole step is written first.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled; another call goes on from its state file.</exception>
    /// <exception cref="DivergedException">A loss or a parameter became NaN or infinite.</exception>
    /// <exception cref="TrainingException">The state file belongs to a run with other settings, or a metric is missing.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The state file is damaged, or cannot be written.</exception>
    public TrainingResult Run(CancellationToken cancellation = default)
    {
        if (Options.BestMetric is { } metric && Evaluate is null)
        {
            throw new TrainingException($"{nameof(Options.BestMetric)} is {metric}: it needs {nameof(Evaluate)}.");
        }

        using var run = new TrainingRun(this);
        return run.Run(cancellation);
    }

    private void ValidateGroups()
    {
        var names = new HashSet<string>();
        var handles = new HashSet<IntPtr>();
        foreach (ParameterGroup group in Groups)
        {
            if (!(group.LearningRate >= 0 && group.WeightDecay >= 0))
            {
                throw new TrainingException(
                    $"The group {group.Name} has learning rate {group.LearningRate} and weight decay {group.WeightDecay}: both must be 0 or more.");
            }

            foreach ((string name, Parameter parameter) in group.Parameters)
            {
                if (!parameter.requires_grad)
                {
                    throw new TrainingException($"The parameter {name} of the group {group.Name} is frozen: leave it out, or let it require a gradient.");
                }

                if (!names.Add(name) || !handles.Add(parameter.Handle))
                {
                    throw new TrainingException($"The parameter {name} of the group {group.Name} is there twice: each needs one group and a name of its own.");
                }
            }
        }

        if (names.Count == 0)
        {
            throw new TrainingException("There is no parameter to train: give at least one in a group.");
        }
    }
}
