using System.Globalization;
using System.Runtime.CompilerServices;
using Lorta.Adapters;
using Lorta.Checkpoints.Hub;
using Lorta.ML.Bases;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Fitting;

/// <summary>Refuses options that are out of range before anything is read.</summary>
internal static class OptionRanges
{
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it and says what to change.</exception>
    public static void Check(IHostEnvironment env, LortaFineTuneOptions options)
    {
        Require(!string.IsNullOrWhiteSpace(options.BaseModel), options.BaseModel, "the folder of a pretrained model, or a hub id");
        Require(
            Directory.Exists(options.BaseModel) || HubModelId.TryParse(options.BaseModel, out _),
            options.BaseModel,
            "a folder that exists, or a hub id such as roberta-base or owner/name");
        Require(Enum.IsDefined(options.Task), options.Task, "one of the tasks");
        Require(!string.IsNullOrEmpty(options.TextColumn), options.TextColumn, "the name of a column");
        Require(!string.IsNullOrEmpty(options.LabelColumn), options.LabelColumn, "the name of a column");
        CheckMethod(env, options.Method);
        Require(options.Rank >= 1, options.Rank, "at least 1");
        Require(double.IsFinite(options.Alpha), options.Alpha, "a finite number");
        Require((options.Modes & ~LortaModes.All) == 0, options.Modes, "made of Heads, Layers and Qkvp");
        Require(options.Dropout is >= 0 and < 1, options.Dropout, "at least 0 and below 1");
        Require(options.Epochs >= 1, options.Epochs, "at least 1");
        Require(options.BatchSize >= 1, options.BatchSize, "at least 1");
        Require(options.MicroBatchSize is null or >= 1, options.MicroBatchSize, "at least 1, or null");
        Require(options.LearningRate is null or (>= 0 and < double.PositiveInfinity), options.LearningRate, "at least 0, or null");
        Require(options.HeadLearningRate is null or (>= 0 and < double.PositiveInfinity), options.HeadLearningRate, "at least 0, or null");
        Require(options.HeadWeightDecay is >= 0 and < double.PositiveInfinity, options.HeadWeightDecay, "at least 0");
        Require(options.MaxGradientNorm is null or > 0, options.MaxGradientNorm, "above 0, or null");
        Require(options.WarmupRatio is >= 0 and <= 1, options.WarmupRatio, "from 0 to 1");
        Require(options.MaxLength is null or >= 3, options.MaxLength, "at least 3, or null");
        Require(options.ValidationFraction is >= 0 and < 1, options.ValidationFraction, "at least 0 and below 1");
        bool validates = options.ValidationSet is not null || options.ValidationFraction > 0;
        Require(options.Patience is null or >= 1, options.Patience, "at least 1, or null");
        Require(options.Patience is null || validates, options.Patience, "null without a validation set or fraction");
        Require(Metrics(options.Task).Contains(Metric(options)), options.ValidationMetric, $"one of {string.Join(", ", Metrics(options.Task))}");
        TorchDevice.Parse(env, options.Device);

        void Require(bool holds, object? value, string range, [CallerArgumentExpression(nameof(value))] string option = "")
        {
            if (!holds)
            {
                string name = option[(option.IndexOf('.', StringComparison.Ordinal) + 1)..];
                throw env.ExceptUserArg(name, string.Create(CultureInfo.InvariantCulture, $"{name} is {value ?? "null"}: it must be {range}."));
            }
        }
    }

    /// <summary>What a saved model could not name, or read again, is refused before training. Whether it fits the model is told where it is attached.</summary>
    private static void CheckMethod(IExceptionContext context, AdapterMethod? method)
    {
        try
        {
            if (method is not null)
            {
                AdapterMethods.Create(method.Name);
                method.With(new Dictionary<string, string>());
            }
        }
        catch (ArgumentException error)
        {
            throw context.ExceptUserArg(nameof(LortaFineTuneOptions.Method), $"Method is not one that can be trained: {error.Message}");
        }
    }

    /// <summary>The score that picks the best epoch.</summary>
    public static string Metric(LortaFineTuneOptions options) => options.ValidationMetric ?? Metrics(options.Task)[0];

    private static string[] Metrics(LortaTask task) => task switch
    {
        LortaTask.Regression => ["pearson", "spearman"],
        LortaTask.BinaryClassification => ["accuracy", "matthews", "f1"],
        _ => ["accuracy", "matthews"],
    };
}
