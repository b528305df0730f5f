using Lorta;
using Lorta.ML;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>LoRTA fine-tuning among ML.NET's transforms.</summary>
public static class LortaCatalog
{
    /// <summary>Fine-tunes a pretrained text encoder by LoRTA to classify texts, or to score them.</summary>
    /// <param name="catalog">The catalog of transforms.</param>
    /// <param name="options">What is learnt, from what, and how.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <example>
    /// <code>
    /// var pipeline = mlContext.Transforms.LortaFineTune(new() { BaseModel = "models/roberta-base", TextColumn = "Sentence" })
    ///     .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    /// </code>
    /// </example>
    public static LortaEstimator LortaFineTune(this TransformsCatalog catalog, LortaFineTuneOptions options) =>
        new(catalog.GetEnvironment(), options);

    /// <summary>Fine-tunes a pretrained text encoder by LoRTA to classify texts, or to score them.</summary>
    /// <param name="catalog">The catalog of transforms.</param>
    /// <param name="baseModel">The pretrained model: a folder in the Hugging Face layout, or a hub id.</param>
    /// <param name="labelColumnName">The column with the label: a key, text, Boolean or number.</param>
    /// <param name="textColumnName">The column with the text.</param>
    /// <param name="secondTextColumnName">The column with the second text of a pair, or null.</param>
    /// <param name="task">What is learnt.</param>
    /// <param name="rank">The rank of the update.</param>
    /// <param name="alpha">The numerator of the update's scaling.</param>
    /// <param name="modes">The modes of the update tensor.</param>
    /// <param name="epochs">How often the training rows are gone through, at most.</param>
    /// <param name="batchSize">Rows a step.</param>
    /// <param name="maxLength">The most tokens that are read of a row.</param>
    /// <param name="validationSet">Rows to choose the best epoch by, or null.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static LortaEstimator LortaFineTune(
        this TransformsCatalog catalog,
        string baseModel,
        string labelColumnName = "Label",
        string textColumnName = "Text",
        string? secondTextColumnName = null,
        LortaTask task = LortaTask.MulticlassClassification,
        int rank = 8,
        double alpha = 8,
        LortaModes modes = LortaModes.All,
        int epochs = 10,
        int batchSize = 32,
        int maxLength = 128,
        IDataView? validationSet = null) => catalog.LortaFineTune(new LortaFineTuneOptions
        {
            BaseModel = baseModel,
            LabelColumn = labelColumnName,
            TextColumn = textColumnName,
            SecondTextColumn = secondTextColumnName,
            Task = task,
            Rank = rank,
            Alpha = alpha,
            Modes = modes,
            Epochs = epochs,
            BatchSize = batchSize,
            MaxLength = maxLength,
            ValidationSet = validationSet,
        });
}
