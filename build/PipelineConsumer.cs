using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace PipelineConsumer;

/// <summary>
/// A program that knows the packages only. <c>train BASE ZIP</c> trains a pipeline on a base model's folder and saves it,
/// <c>score ZIP</c> loads it; both print the scores of the same sentences.
/// </summary>
internal static class Program
{
    private static readonly Sentence[] Rows =
    [
        new() { Text = "the tailor waits", Label = "right" },
        new() { Text = "the tailors wait", Label = "right" },
        new() { Text = "the tailor wait", Label = "wrong" },
        new() { Text = "the tailors waits", Label = "wrong" },
    ];

    private static void Main(string[] args)
    {
        var mlContext = new MLContext(seed: 1);
        IDataView rows = mlContext.Data.LoadFromEnumerable(Rows);
        if (args is ["train", string baseModel, string trained])
        {
            var model = mlContext.Transforms.Conversion.MapValueToKey("Label")
                .Append(mlContext.Transforms.LortaFineTune(new() { BaseModel = baseModel, Rank = 2, Epochs = 2, MaxLength = 16 }))
                .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
                .Fit(rows);
            mlContext.Model.Save(model, rows.Schema, trained);
            Print(model.Transform(rows));
        }
        else
        {
            ITransformer model = mlContext.Model.Load(args[1], out DataViewSchema schema);
            Print(model.Transform(rows));
            using PredictionEngine<Sentence, Answer> engine = mlContext.Model.CreatePredictionEngine<Sentence, Answer>(model, schema);
            if (engine.Predict(Rows[0]).PredictedLabel is not ("right" or "wrong"))
            {
                throw new InvalidOperationException("The engine's label is none of the training rows'.");
            }
        }
    }

    private static void Print(IDataView scored)
    {
        foreach ((string label, float[] scores) in scored.GetColumn<string>("PredictedLabel").Zip(scored.GetColumn<float[]>("Score")))
        {
            Console.WriteLine($"{label} {string.Join(' ', scores.Select(score => score.ToString("R", CultureInfo.InvariantCulture)))}");
        }
    }
}

/// <summary>What the engine gives.</summary>
internal sealed class Answer
{
    public string PredictedLabel { get; set; } = "";
}

/// <summary>A row of the training data.</summary>
internal sealed class Sentence
{
    public string Text { get; set; } = "";

    public string Label { get; set; } = "";
}
