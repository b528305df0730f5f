using Glue.Data;
using Glue.Tasks;
using Lorta.Text;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>Scores a model by a task's metrics, as often as it is asked.</summary>
internal sealed class Evaluator
{
    private readonly TextClassifier _classifier;
    private readonly TextTask _task;
    private readonly (string Prefix, TokenizedText[] Rows, double[] Expected)[] _sets;

    public Evaluator(TextClassifier classifier, TextTask task, IReadOnlyList<EvaluationSet> sets)
    {
        _classifier = classifier;
        _task = task;
        _sets =
        [
            .. sets.Select(set => (
                sets.Count == 1 ? "" : set.Name + "_",
                set.Examples.Select(classifier.Tokenize).ToArray(),
                set.Examples.Select(example => (double)example.Label).ToArray())),
        ];
    }

    /// <summary>The name of the metric that picks the best epoch.</summary>
    public string MainMetric => NameOf(_task.Metrics[0], _sets[0].Prefix);

    /// <summary>The metrics by name; with several evaluation sets the set's name stands before the metric's.</summary>
    public IReadOnlyDictionary<string, double> Score(CancellationToken cancellation)
    {
        var scores = new Dictionary<string, double>();
        foreach ((string prefix, TokenizedText[] rows, double[] expected) in _sets)
        {
            float[][] outputs = Predictor.Predict(_classifier, rows, cancellation);
            double[] predicted = Array.ConvertAll(outputs, output => _task.IsRegression ? output[0] : (double)Predictor.Class(output));
            foreach (Metric metric in _task.Metrics)
            {
                scores[NameOf(metric, prefix)] = Value(metric, predicted, expected);
            }
        }

        return scores;
    }

    private static string NameOf(Metric metric, string prefix) => prefix + metric.ToString().ToLowerInvariant();

    private static double Value(Metric metric, double[] predicted, double[] expected) => metric switch
    {
        Metric.Accuracy => Metrics.Accuracy(Classes(predicted), Classes(expected)),
        Metric.F1 => Metrics.F1(Classes(predicted), Classes(expected)),
        Metric.Matthews => Metrics.Matthews(Classes(predicted), Classes(expected)),
        Metric.Pearson => Metrics.Pearson(predicted, expected),
        _ => Metrics.Spearman(predicted, expected),
    };

    private static int[] Classes(double[] values) => Array.ConvertAll(values, value => (int)value);
}
