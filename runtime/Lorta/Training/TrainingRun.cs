using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>One run of a <see cref="Trainer"/>, from its start or from its state file to its end.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly Trainer _trainer;
    private readonly TrainingOptions _options;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly TrainedParameters _parameters;
    private readonly RunPosition _position;
    private readonly long _totalSteps;
    private readonly int _reportEvery;

    // Losses of steps whose values have not been read from the device yet.
    private readonly List<(long Step, Tensor Loss)> _unread = [];
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _inSteps = new();
    private readonly long _firstStep;
    private long _rows;
    private double _lastLoss = double.NaN;

    public TrainingRun(Trainer trainer)
    {
        _trainer = trainer;
        _options = trainer.Options;
        _settings = RunSettings.Of(trainer);
        _parameters = new TrainedParameters(trainer.Groups, trainer.State, _options);
        _position = File.Exists(_options.StateFile) ? RunStateFile.Load(_options.StateFile, _settings, _parameters) : new RunPosition();
        _firstStep = _position.Step;
        _totalSteps = (long)_options.Epochs * trainer.Order.BatchesPerEpoch;
        _reportEvery = _options.ReportEvery ?? (_parameters.IsOnCpu ? 1 : 16);
    }

    private EpochRecord? Best => _options.BestMetric is null ? null : _position.Best(_options.BestMetric, _options.LowerIsBetter);

    private bool StoppedEarly =>
        (_options.Patience is { } patience && _position.Epoch - (Best?.Epoch ?? 0) >= patience)
        || (_position.Epoch > 0 && _trainer.StopWhen?.Invoke(_position.History) == true);

    public TrainingResult Run(CancellationToken cancellation)
    {
        try
        {
            while (_position.Epoch < _options.Epochs && !StoppedEarly)
            {
                TrainEpoch(cancellation);
                EpochRecord finished = FinishEpoch(cancellation);
                Save();
                Report(finished.Epoch, finished);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Save();
            throw;
        }

        _parameters.DropGradients();
        _parameters.TakeBest();
        return new TrainingResult([.. _position.History], Best, StoppedEarly && _position.Epoch < _options.Epochs);
    }

    public void Dispose()
    {
        ForgetLosses();
        _parameters.Dispose();
    }

    private void TrainEpoch(CancellationToken cancellation)
    {
        RankBatch[] batches =
        [
            .. _trainer.Order.Batches(_options.Seed, _position.Epoch).Skip(_position.Batch).Select(RankBatchOf),
        ];
        var upcoming = new Queue<IReadOnlyList<int>>(batches.SelectMany(batch => batch.Parts));
        foreach (RankBatch batch in batches)
        {
            _inSteps.Start();
            Step(batch, upcoming, cancellation);
            bool isReported = _unread.Count >= _reportEvery;
            if (isReported)
            {
                ReadLosses();
            }

            _inSteps.Stop();
            if (isReported)
            {
                Report(_position.Epoch + 1);
            }

            if (_position.Step % _options.SaveEvery == 0)
            {
                Save();
            }
        }
    }

    private RankBatch RankBatchOf(IReadOnlyList<int> batch)
    {
        // Every World-th row, not a run of them: in a batch sorted by length each rank gets as much to do.
        int[] rows = [.. batch.Where((_, i) => i % _options.World == _options.Rank)];
        return new RankBatch([.. rows.Chunk(_options.MicroBatchSize ?? batch.Count)], rows.Length, batch.Count);
    }

    private void Step(RankBatch batch, Queue<IReadOnlyList<int>> upcoming, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(SeedSequence.Derive(_options.Seed, _position.Step, _options.Rank)).Dispose();
        _parameters.DropGradients();
        var shares = new List<Tensor>();
        foreach (IReadOnlyList<int> part in batch.Parts)
        {
            cancellation.ThrowIfCancellationRequested();
            upcoming.Dequeue();
            if (upcoming.TryPeek(out IReadOnlyList<int>? next))
            {
                _trainer.Upcoming?.Invoke(next);
            }

            shares.Add(Backward(part, batch));
        }

        if (_options.World > 1)
        {
            _parameters.FillGradients();
        }

        _trainer.BeforeOptimizerStep?.Invoke(_position.Step);
        if (_options.MaxGradientNorm is { } maxNorm)
        {
            GradientClipping.Clip(_parameters.Parameters, maxNorm);
        }

        _parameters.Step(_options.Schedule.Factor(_position.Step, _totalSteps));
        _position.Step++;
        _trainer.AfterOptimizerStep?.Invoke(_position.Step, _totalSteps);
        _position.Batch++;
        _rows += batch.Rows;
        if (shares.Count > 0)
        {
            _unread.Add((_position.Step, stack(shares).sum().DetachFromDisposeScope()));
        }
    }

    /// <summary>Adds the part's gradients to the parameters', and gives the part's share of the mean loss of this rank's rows.</summary>
    private Tensor Backward(IReadOnlyList<int> part, RankBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar weight = (double)part.Count / batch.RowsOfAllRanks;
        using Scalar share = (double)part.Count / batch.Rows;
        Tensor loss = _trainer.Loss(part);
        loss.mul(weight).backward();
        return loss.detach().mul(share).MoveToOuterDisposeScope();
    }

    private EpochRecord FinishEpoch(CancellationToken cancellation)
    {
        ReadLosses();
        RequireFiniteParameters();
        EpochRecord finished = _position.FinishEpoch(Evaluate(cancellation));
        if (ReferenceEquals(finished, Best))
        {
            _parameters.KeepAsBest();
        }

        return finished;
    }

    private IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation)
    {
        if (_trainer.Evaluate is not { } evaluate)
        {
            return new Dictionary<string, double>();
        }

        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, double> metrics = evaluate(cancellation);
        if (_options.BestMetric is { } best && !metrics.ContainsKey(best))
        {
            throw new TrainingException(
                $"The evaluation has no metric \"{best}\" to choose the best epoch by: name one of {string.Join(", ", metrics.Keys)}.");
        }

        return metrics;
    }

    private void Save()
    {
        if (_options.StateFile is { } path)
        {
            ReadLosses();
            RequireFiniteParameters();
            RunStateFile.Save(path, _position, _settings, _parameters);
        }
    }

    private void ReadLosses()
    {
        if (_unread.Count == 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        double[] losses = stack(_unread.Select(step => step.Loss)).to(ScalarType.Float64).cpu().data<double>().ToArray();
        foreach ((double loss, long step) in losses.Zip(_unread.Select(step => step.Step)))
        {
            if (!double.IsFinite(loss))
            {
                throw Diverged(double.IsNaN(loss) ? "The loss is NaN" : "The loss is infinite", step);
            }

            _position.LossSum += loss;
            _position.LossCount++;
            _lastLoss = loss;
        }

        ForgetLosses();
    }

    private void RequireFiniteParameters()
    {
        if (_parameters.FindNonFinite() is { } name)
        {
            throw Diverged($"The parameter {name} is no longer finite", _position.Step);
        }
    }

    private DivergedException Diverged(string what, long step)
    {
        string kept = File.Exists(_options.StateFile) ? $" (the last good state is in {_options.StateFile})" : "";
        return new DivergedException(
            $"{what} at step {step} of {_totalSteps}: lower the learning rates or clip the gradients{kept}.", step);
    }

    private void Report(int epoch, EpochRecord? finished = null)
    {
        long stepsHere = _position.Step - _firstStep;
        double factor = _position.Step == 0 ? 0 : _options.Schedule.Factor(_position.Step - 1, _totalSteps);
        _trainer.Progress?.Report(new TrainingProgress(
            _position.Step,
            _totalSteps,
            epoch,
            _options.Epochs,
            _lastLoss,
            _rows == 0 ? 0 : _rows / _inSteps.Elapsed.TotalSeconds,
            stepsHere == 0 ? TimeSpan.Zero : _sinceStart.Elapsed * ((double)(_totalSteps - _position.Step) / stepsHere),
            _trainer.Groups.ToDictionary(g => g.Name, g => g.LearningRate * factor),
            finished));
    }

    private void ForgetLosses()
    {
        foreach ((_, Tensor loss) in _unread)
        {
            loss.Dispose();
        }

        _unread.Clear();
    }

    /// <summary>This rank's rows of a batch, in parts of at most the micro-batch's size.</summary>
    private sealed record RankBatch(IReadOnlyList<int>[] Parts, int Rows, int RowsOfAllRanks);
}
