using Lorta.Tasks;
using Microsoft.ML;

namespace Glue.Tasks;

/// <summary>The yardstick: ML.NET's logistic regression on its own counts of words, pairs of words and triples of letters.</summary>
internal static class BagOfWords
{
    /// <summary>Trains on one set of a task with two classes and scores the other.</summary>
    /// <returns>The accuracy, and how many weights were trained.</returns>
    public static (double Accuracy, int Weights) Score(IEnumerable<TextExample> train, IEnumerable<TextExample> dev, int seed)
    {
        var context = new MLContext(seed);
        var pipeline = context.Transforms.Text.FeaturizeText("Features", nameof(Row.Text))
            .Append(context.BinaryClassification.Trainers.LbfgsLogisticRegression());
        var model = pipeline.Fit(Load(train));
        double accuracy = context.BinaryClassification.Evaluate(model.Transform(Load(dev))).Accuracy;
        return (accuracy, model.LastTransformer.Model.SubModel.Weights.Count + 1);

        IDataView Load(IEnumerable<TextExample> examples) =>
            context.Data.LoadFromEnumerable(examples.Select(example => new Row { Text = example.Input.Text, Label = example.Label == 1 }));
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public bool Label { get; set; }
    }
}
