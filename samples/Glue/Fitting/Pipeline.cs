using Glue.Data;
using Glue.Output;
using Lorta.ML;
using Lorta.Tasks;
using Lorta.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Glue.Fitting;

/// <summary>A task learnt through ML.NET's pipelines: by LoRTA, and by what ML.NET's own users would take.</summary>
internal sealed class Pipeline
{
    private readonly MLContext _mlContext;
    private readonly LabelledData _data;
    private readonly IDataView _train;
    private readonly IDataView _dev;

    public Pipeline(LabelledData data, long seed)
    {
        _mlContext = new MLContext((int)seed);
        _data = data;
        _train = Load(data.Train);
        _dev = Load(data.Dev[0].Examples);
    }

    /// <summary>Fine-tunes a model, with the same numbers as <see cref="FineTunedModel.Train"/>, and saves it.</summary>
    /// <param name="model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
    /// <param name="settings">How to train.</param>
    /// <param name="title">What the progress is called; null to show none.</param>
    /// <param name="path">The zip to write.</param>
    /// <param name="log">Hears of the training; null for none.</param>
    /// <param name="cancellation">Stops the run; its state is written first.</param>
    /// <returns>The scores of the evaluation rows.</returns>
    /// <exception cref="InputException">The settings are none that the estimator has.</exception>
    public IReadOnlyDictionary<string, double> FineTune(
        string model, FineTuneSettings settings, string? title, IProgress<TrainingProgress>? log, string path, CancellationToken cancellation)
    {
        LortaFineTuneOptions options = Options(model, settings);
        options.CancellationToken = cancellation;
        using LortaTransformer fitted = TrainingDisplay.Show(title, log, progress =>
        {
            options.Progress = progress;
            return _mlContext.Transforms.LortaFineTune(options).Fit(_train);
        });
        _mlContext.Model.Save(fitted, _train.Schema, path);
        return Scores(fitted.Transform(_dev));
    }

    /// <summary>Learns the task from ML.NET's own counts of words and letters, by a linear model.</summary>
    /// <returns>The scores of the evaluation rows.</returns>
    public IReadOnlyDictionary<string, double> CountWords()
    {
        string[] texts = _data.Task.IsPair ? [nameof(Row.Text), nameof(Row.Second)] : [nameof(Row.Text)];
        var features = _mlContext.Transforms.Text.FeaturizeText("Features", new(), texts);
        IEstimator<ITransformer> trainer = _data.Task.IsRegression
            ? _mlContext.Regression.Trainers.Sdca(nameof(Row.Value))
            : _mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy();
        return Scores(features.Append(trainer).Fit(_train).Transform(_dev));
    }

    private LortaFineTuneOptions Options(string model, FineTuneSettings settings)
    {
        FineTuningOptions training = settings.Options;
        if (training.Schedule.Shape != ScheduleShape.Linear)
        {
            throw new InputException("--mlnet has the linear schedule: leave out --schedule.");
        }

        return new LortaFineTuneOptions
        {
            BaseModel = BaseModel.Absolute(BaseModel.Folder(model)),
            Task = _data.Task.IsRegression ? LortaTask.Regression : LortaTask.MulticlassClassification,
            SecondTextColumn = _data.Task.IsPair ? nameof(Row.Second) : null,
            LabelColumn = _data.Task.IsRegression ? nameof(Row.Value) : nameof(Row.Label),
            Method = settings.Method,
            Epochs = training.Epochs,
            BatchSize = training.BatchSize,
            MicroBatchSize = training.MicroBatchSize,
            GradientCheckpointing = training.GradientCheckpointing,
            LearningRate = training.AdapterRate,
            HeadLearningRate = training.HeadRate,
            HeadWeightDecay = training.HeadWeightDecay,
            MaxGradientNorm = training.MaxGradientNorm,
            WarmupRatio = training.Schedule.WarmupRatio,
            MaxLength = settings.MaxLength,
            BFloat16 = settings.BFloat16,
            Seed = (int)training.Seed,
            ValidationSet = _dev,
            ValidationMetric = training.BestMetric,
            Patience = training.Patience,
            CheckpointFolder = Path.GetDirectoryName(training.StateFile),
        };
    }

    private IReadOnlyDictionary<string, double> Scores(IDataView scored)
    {
        float[][] scores = _data.Task.IsRegression
            ? [.. scored.GetColumn<float>("Score").Select(score => new[] { score })]
            : [.. scored.GetColumn<float[]>("Score")];
        return _data.Task.OwnScores(TextScores.Of(_data.Task.Outputs, scores, [.. _data.Dev[0].Examples.Select(example => example.Label)]));
    }

    private IDataView Load(IReadOnlyList<TextExample> examples)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        if (!_data.Task.IsRegression)
        {
            ReadOnlyMemory<char>[] names = [.. _data.Task.Outputs.Names.Select(name => name.AsMemory())];
            schema[nameof(Row.Label)].ColumnType = new KeyDataViewType(typeof(uint), names.Length);
            schema[nameof(Row.Label)].AddAnnotation(
                "KeyValues", new VBuffer<ReadOnlyMemory<char>>(names.Length, names), new VectorDataViewType(TextDataViewType.Instance, names.Length));
        }

        return _mlContext.Data.LoadFromEnumerable(
            examples.Select(example => new Row
            {
                Text = example.Input.Text,
                Second = example.Input.Pair ?? "",
                Label = _data.Task.IsRegression ? 0 : (uint)example.Label,
                Value = example.Label,
            }),
            schema);
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Second { get; set; } = "";

        /// <summary>The index of the class, from 0; in the data view a key.</summary>
        public uint Label { get; set; }

        /// <summary>The score of a regression.</summary>
        public float Value { get; set; }
    }
}
