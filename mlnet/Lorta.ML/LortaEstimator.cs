using Lorta.Checkpoints;
using Lorta.ML.Bases;
using Lorta.ML.Columns;
using Lorta.ML.Fitting;
using Lorta.ML.Saving;
using Lorta.ML.Scoring;
using Lorta.Models;
using Lorta.Tasks;
using Lorta.Training;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Lorta.ML;

/// <summary>Fine-tunes a pretrained text encoder by LoRTA.</summary>
/// <remarks>
/// <para>The text columns are of type text; a missing text is an empty one. It adds:</para>
/// <list type="table">
/// <listheader><term>Task</term><description>Columns</description></listheader>
/// <item>
/// <term>Multiclass classification</term>
/// <description><c>PredictedLabel</c>, a key with the label's values, and <c>Score</c>, a vector of probabilities.</description>
/// </item>
/// <item>
/// <term>Binary classification</term>
/// <description><c>PredictedLabel</c> (Boolean), <c>Score</c> (Single, the log-odds) and <c>Probability</c> (Single).</description>
/// </item>
/// <item>
/// <term>Regression</term>
/// <description><c>Score</c> (Single).</description>
/// </item>
/// </list>
/// </remarks>
public sealed class LortaEstimator : IEstimator<LortaTransformer>
{
    private const string StateName = "state.safetensors";

    private readonly IHostEnvironment _env;
    private readonly IHost _host;
    private readonly LortaFineTuneOptions _options;
    private readonly TextColumns _texts;
    private readonly OutputNames _outputs;

    internal LortaEstimator(IHostEnvironment env, LortaFineTuneOptions options)
    {
        _env = env;
        _host = env.Register(nameof(LortaEstimator));
        OptionRanges.Check(_host, options);
        _options = options;
        _texts = new TextColumns(options.TextColumn, options.SecondTextColumn);
        _outputs = new OutputNames(options.PredictedLabelColumn, options.ScoreColumn, options.ProbabilityColumn);
    }

    /// <summary>Checks the columns that training needs, and adds those that the model will add.</summary>
    /// <param name="inputSchema">The shape of the training data.</param>
    /// <returns>The shape of the model's output.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A text or label column is missing or of a type that cannot be learnt.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _texts.Check(_host, inputSchema);
        SchemaShape.Column label = LabelEncoding.Check(_host, _options.Task, inputSchema, _options.LabelColumn);
        SchemaShape.Column[] added = [.. OutputColumns.Promised(_options.Task, _outputs, label)];
        return new SchemaShape(inputSchema.ExceptBy(added.Select(column => column.Name), column => column.Name).Concat(added));
    }

    /// <summary>Trains a model on rows of text with a label.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The model: dispose it to free its memory.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A text or label column is missing or of a type that cannot be learnt.</exception>
    /// <exception cref="InvalidOperationException">
    /// The base model or the labels cannot be used, or training failed; the message says what to change.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the run's state lies in the checkpoint folder, if there is one.</exception>
    public LortaTransformer Fit(IDataView input)
    {
        GetOutputSchema(SchemaShape.Create(input.Schema));
        using IChannel channel = _host.Start("Fine-tune");
        return RuntimeErrors.Translate(_host, () => Fit(channel, input));
    }

    private LortaTransformer Fit(IChannel channel, IDataView input)
    {
        LabelEncoding labels = LabelEncoding.Learn(_host, _options.Task, input, _options.LabelColumn);
        using var cancellation = new Cancellation(_host, _options.CancellationToken);
        (TextExample[] train, TextExample[] validation) = ReadRows(channel, input, labels, cancellation.Token);
        string baseFolder = ModelSource.Resolve(_options.BaseModel, cancellation: cancellation.Token);
        Device device = TorchDevice.Parse(_host, _options.Device);
        var hash = new BaseHash(baseFolder);
        using var trained = new TemporaryFolder();
        TextClassifier classifier = CreateClassifier(baseFolder, labels, device);
        SequenceClassifier? loaded = Train(channel, classifier, train, validation, trained.Path, cancellation.Token);

        IReadOnlyDictionary<string, string> sha256 = hash.Result();
        SharedBase shared = SharedBase.Acquire(baseFolder, sha256, device, loaded: loaded);
        var model = new FineTunedModel(shared, SharedTokenizer.Of(classifier.Tokenizer), trained.Path, labels.Classes);
        var reference = new BaseReference(
            _options.BaseModel, Path.GetFullPath(baseFolder), baseFolder != _options.BaseModel, sha256, _options.EmbedBaseModel);
        var manifest = new ModelManifest(_options.Task, _texts, _outputs, labels.Classes, _options.Device, reference, [], []);
        return new LortaTransformer(_env, new SavedModel(manifest, labels.Values, model));
    }

    private (TextExample[] Train, TextExample[] Validation) ReadRows(
        IChannel channel, IDataView input, LabelEncoding labels, CancellationToken cancellation)
    {
        TextExample[] Read(IDataView data) => RowReader.Read(_host, channel, data, _texts, labels, _options.LabelColumn, cancellation);

        TextExample[] rows = Read(input);
        if (_options.ValidationSet is { } set)
        {
            return (rows, Read(set));
        }

        if (_options.ValidationFraction == 0)
        {
            return (rows, []);
        }

        new Random(Seed).Shuffle(rows);
        int held = Math.Max(1, (int)(rows.Length * _options.ValidationFraction));
        return held < rows.Length
            ? (rows[held..], rows[..held])
            : throw _host.Except(
                $"{rows.Length} labelled rows cannot be both trained and validated on: give more rows, or set ValidationFraction to 0.");
    }

    /// <summary>Trains, leaves the adapter and the head in a folder, and disposes the classifier but for a base that it has not changed.</summary>
    /// <returns>The model over that base; null where training has changed the base.</returns>
    private SequenceClassifier? Train(
        IChannel channel, TextClassifier classifier, TextExample[] train, TextExample[] validation, string folder, CancellationToken cancellation)
    {
        SequenceClassifier? unchanged = null;
        try
        {
            if (_options.BFloat16)
            {
                classifier.UseBFloat16();
            }

            channel.Info("{0}", $"Training {classifier.Adapter.TrainableCount} numbers of the adapter on {train.Length} rows.");
            using IProgressChannel progress = _host.StartProgressChannel("LoRTA fine-tuning");
            var tuning = new FineTuning(classifier, TrainingOptions(validation.Length > 0))
            {
                Progress = new FitProgress(channel, progress, _options.Progress),
            };
            tuning.Run(train, validation, cancellation);
            classifier.Save(folder);
            return unchanged = classifier.Adapter.Method.TrainsBase || _options.BFloat16 ? null : classifier.Model;
        }
        finally
        {
            classifier.Adapter.Dispose();
            if (unchanged is null)
            {
                classifier.Model.Dispose();
            }
        }
    }

    private TextClassifier CreateClassifier(string baseFolder, LabelEncoding labels, Device device)
    {
        try
        {
            return TextClassifier.Create(baseFolder, labels.Task, _options.MethodOrDefault, _options.MaxLength, Seed, device);
        }
        catch (ArgumentException error)
        {
            throw _host.Except(error, error.Message);
        }
    }

    private FineTuningOptions TrainingOptions(bool validates) => new()
    {
        Epochs = _options.Epochs,
        BatchSize = _options.BatchSize,
        MicroBatchSize = _options.MicroBatchSize,
        GradientCheckpointing = _options.GradientCheckpointing,
        AdapterRate = _options.LearningRateOrDefault,
        HeadRate = _options.HeadLearningRateOrDefault,
        HeadWeightDecay = _options.HeadWeightDecay,
        MaxGradientNorm = _options.MaxGradientNorm,
        Schedule = new LearningRateSchedule(ScheduleShape.Linear, _options.WarmupRatio),
        Seed = Seed,
        BestMetric = validates ? OptionRanges.Metric(_options) : null,
        Patience = _options.Patience,
        StateFile = _options.CheckpointFolder is { } checkpoints ? Path.Combine(checkpoints, StateName) : null,
    };

    private int Seed => _options.Seed ?? ((IHostEnvironmentInternal)_env).Seed ?? 0;
}
