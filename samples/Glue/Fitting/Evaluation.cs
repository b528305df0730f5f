using Glue.Corpus;
using Glue.Data;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>Scores a trained model.</summary>
internal static class Evaluation
{
    /// <summary>The task's scores by name; with several sets, by the set's name before the score's.</summary>
    public static Dictionary<string, double> Score(
        TextClassifier classifier, TextTask task, IReadOnlyList<EvaluationSet> sets, CancellationToken cancellation)
    {
        var scores = new Dictionary<string, double>();
        foreach (EvaluationSet set in sets)
        {
            IReadOnlyList<float[]> logits = classifier.Predict(
                [.. set.Examples.Select(example => classifier.Encode(example.Input))], cancellation: cancellation);
            float[] labels = [.. set.Examples.Select(example => example.Label)];
            foreach ((string name, double score) in task.OwnScores(TextScores.Of(classifier.Labels, logits, labels)))
            {
                scores[sets.Count == 1 ? name : $"{set.Name}_{name}"] = score;
            }
        }

        return scores;
    }

    /// <summary>The rows to score a trained model on: those of the embedded task, or of a path.</summary>
    /// <exception cref="InputException">The task needs a path, or its files can't be read.</exception>
    public static IReadOnlyList<EvaluationSet> Rows(TrainedTask trainedFor, string? path, int seed)
    {
        if (trainedFor.IsEmbedded)
        {
            return path is null
                ? AgreementCorpus.Dev(seed)
                : throw new InputException($"--data {path}: the model was trained on the embedded task, which has rows of its own: leave out --data.");
        }

        if (path is null)
        {
            throw new InputException($"The model was trained on {trainedFor.Task.Name}: name its rows with --data.");
        }

        return trainedFor.Columns is { } columns
            ? [new("dev", columns.Read(path, trainedFor.Task))]
            : GlueTask.Find(trainedFor.Task.Name).ReadDev(path);
    }
}
