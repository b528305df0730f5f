using Glue.Data;
using Lorta.Text;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>A fine-tuning of one model to one task: the same model, data, settings and seed give the same numbers.</summary>
internal sealed class FineTuner
{
    private readonly LabelledData _data;
    private readonly FineTuneSettings _settings;
    private readonly TokenizedText[] _rows;

    /// <summary>Loads the model, freezes it, and attaches what the method trains.</summary>
    /// <param name="model">What <see cref="BaseModel.Load"/> takes.</param>
    /// <param name="data">The task and its rows.</param>
    /// <param name="settings">How to train.</param>
    public FineTuner(string model, LabelledData data, FineTuneSettings settings)
    {
        _data = data;
        _settings = settings;
        // The new head and the adapter draw from torch's generator.
        manual_seed(settings.Seed);
        Classifier = BaseModel.Load(model, data.Task.Outputs, settings.MaxLength);
        foreach (Parameter parameter in Classifier.Model.parameters())
        {
            parameter.requires_grad_(false);
        }

        foreach ((_, Parameter parameter) in Classifier.Model.HeadParameters())
        {
            parameter.requires_grad_(true);
        }

        Classifier.Adapter = settings.Method.Attach(Classifier.Model);
        _rows = [.. data.Train.Select(Classifier.Tokenize)];
    }

    /// <summary>The model under training; the caller disposes it.</summary>
    public TextClassifier Classifier { get; }

    /// <summary>How many numbers are trained beside the head.</summary>
    public long MethodParameters => TrainedBesideHead().Sum(entry => entry.Parameter.numel());

    /// <summary>How many numbers are trained.</summary>
    public long TrainedParameters => MethodParameters + Classifier.Model.HeadParameters().Sum(entry => entry.Parameter.numel());

    /// <summary>Trains, from the state file where there is one; the model then is that of the best epoch.</summary>
    /// <param name="progress">Hears of steps and epochs.</param>
    /// <param name="cancellation">Stops the run, its state written.</param>
    /// <param name="stateFile">Where the run's state is kept; null for nowhere.</param>
    /// <param name="saveSteps">Steps between writings of the state beside those after each epoch.</param>
    public TrainingResult Run(
        IProgress<TrainingProgress>? progress, CancellationToken cancellation, string? stateFile = null, int? saveSteps = null)
    {
        var evaluator = new Evaluator(Classifier, _data.Task, _data.Dev);
        var options = new TrainingOptions
        {
            Epochs = _settings.Epochs,
            Schedule = _settings.Schedule,
            MaxGradientNorm = _settings.ClipNorm,
            MicroBatchSize = _settings.MicroBatch,
            Seed = _settings.Seed,
            BestMetric = evaluator.MainMetric,
            Patience = _settings.Patience,
            StateFile = stateFile,
            SaveEvery = saveSteps,
            Settings = new Dictionary<string, string>
            {
                ["task"] = _data.Task.Name,
                ["method"] = $"{_settings.Method.Name} {_settings.Method.ToJson().ToJsonString()}",
            },
        };
        var trainer = new Trainer(options, Groups(), BatchOrder.Bucketed([.. _rows.Select(row => row.Length)], _settings.Batch), Loss)
        {
            Evaluate = evaluator.Score,
            Progress = progress,
        };
        Classifier.Model.train();
        TrainingResult result = trainer.Run(cancellation);
        Classifier.Model.eval();
        return result;
    }

    /// <summary>What is kept of the model that a run gave.</summary>
    public TrainedModel Describe(string model, TrainingResult result) => new(
        _data.Task,
        _data.Columns,
        model == BaseModel.Embedded ? model : Path.GetFullPath(model),
        _settings.Method.Name,
        _settings.MaxLength,
        _settings.Seed,
        TrainedParameters,
        (result.Best ?? result.Epochs[^1]).Epoch);

    private Tensor Loss(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Classifier.Logits([.. rows.Select(row => _rows[row])]); // [b, labels]
        float[] labels = [.. rows.Select(row => _data.Train[row].Label)];
        Tensor loss = _data.Task.IsRegression
            ? nn.functional.mse_loss(logits.squeeze(1), tensor(labels))
            : nn.functional.cross_entropy(logits, tensor(labels, ScalarType.Int64));
        return loss.MoveToOuterDisposeScope();
    }

    private ParameterGroup[] Groups()
    {
        // Weight decay is of the head's weights alone: a decayed bias or factor only loses what it learnt.
        ILookup<bool, (string Name, Parameter Parameter)> head = Classifier.Model.HeadParameters()
            .ToLookup(entry => entry.Name.EndsWith(".bias", StringComparison.Ordinal));
        return
        [
            new("head weights", [.. head[false]], _settings.HeadRate, _settings.HeadWeightDecay),
            new("head biases", [.. head[true]], _settings.HeadRate),
            new(_settings.Method.Name, TrainedBesideHead(), _settings.Rate),
        ];
    }

    private List<(string Name, Parameter Parameter)> TrainedBesideHead()
    {
        // Full fine-tuning counts the head among the model's parameters.
        HashSet<string> head = [.. Classifier.Model.HeadParameters().Select(entry => entry.Name)];
        return [.. Classifier.Adapter!.Trained.Where(entry => !head.Contains(entry.Name))];
    }
}
