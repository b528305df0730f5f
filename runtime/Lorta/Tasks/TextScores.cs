using Lorta.Training;

namespace Lorta.Tasks;

/// <summary>The scores of predictions on a labelled data set.</summary>
public static class TextScores
{
    /// <summary>
    /// Scores logits: <c>accuracy</c> and <c>matthews</c> for classes, and <c>f1</c> of the second where there are two;
    /// <c>pearson</c> and <c>spearman</c> for a regression.
    /// </summary>
    /// <param name="labels">What the task predicts.</param>
    /// <param name="logits">A row of logits for each example.</param>
    /// <param name="expected">The examples' labels.</param>
    /// <returns>Scores by name.</returns>
    /// <exception cref="ArgumentException">There are no rows, or the counts differ.</exception>
    public static IReadOnlyDictionary<string, double> Of(TaskLabels labels, IReadOnlyList<float[]> logits, IReadOnlyList<float> expected)
    {
        if (labels.IsRegression)
        {
            double[] values = [.. logits.Select(row => (double)row[0])];
            double[] targets = [.. expected.Select(label => (double)label)];
            return new Dictionary<string, double>
            {
                ["pearson"] = Metrics.Pearson(values, targets),
                ["spearman"] = Metrics.Spearman(values, targets),
            };
        }

        int[] predicted = [.. logits.Select(ClassOf)];
        int[] classes = [.. expected.Select(label => (int)label)];
        var scores = new Dictionary<string, double>
        {
            ["accuracy"] = Metrics.Accuracy(predicted, classes),
            ["matthews"] = Metrics.Matthews(predicted, classes),
        };
        if (labels.Count == 2)
        {
            scores["f1"] = Metrics.F1(predicted, classes);
        }

        return scores;
    }

    /// <summary>The class with the largest logit; the first of equals.</summary>
    /// <param name="logits">A row of logits.</param>
    /// <returns>Its index.</returns>
    public static int ClassOf(float[] logits) => Array.IndexOf(logits, logits.Max());
}
