using System.CommandLine;
using System.Diagnostics;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Lorta.Tasks;

namespace Glue.Commands;

/// <summary><c>evaluate</c>: scores a trained model.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> trained = CommonOptions.Trained();
        Option<string?> model = CommonOptions.MovedModel();
        Option<string?> data = new("--data")
        {
            Description = "The folder of the task's official files, or a table of your own with the columns that train had; the embedded task needs none.",
            HelpName = "PATH",
        };
        Option<int?> limit = CheckedOption.WholeNumber("--limit", "Score the first N rows only, after a shuffle that the seed fixes.", 1);
        Option<int?> seed = CheckedOption.WholeNumber("--seed", "Fixes the embedded task's rows and the shuffle [default: that of the training].", 0);
        Option<string?> json = CommonOptions.Json();
        var command = new Command("evaluate", "Score a trained model on the task's development set.") { trained, model, data, limit, seed, json };
        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            var clock = Stopwatch.StartNew();
            string folder = result.GetRequiredValue(trained);
            TrainedTask trainedFor = CommonOptions.ReadTask(folder, result.GetValue(model));
            int fixedSeed = result.GetValue(seed) ?? trainedFor.Seed;
            IReadOnlyList<EvaluationSet> sets = Evaluation.Rows(trainedFor, result.GetValue(data), fixedSeed);
            if (result.GetValue(limit) is { } rows)
            {
                sets = [.. sets.Select(set => set.Limit(rows, fixedSeed))];
            }

            using TextClassifier classifier = TrainedFolder.Load(folder, trainedFor);
            Dictionary<string, double> metrics = Evaluation.Score(classifier, trainedFor.Task, sets, cancellation);
            if (result.GetValue(json) is { } path)
            {
                new RunReport(
                    trainedFor.Task.Name,
                    classifier.Adapter.Method.Name,
                    RunReport.RankOf(classifier.Adapter.Method),
                    fixedSeed,
                    trainedFor.Parameters,
                    clock.Elapsed.TotalSeconds,
                    [],
                    new EpochReport(trainedFor.Epoch, null, metrics),
                    classifier.Adapter.TrainableCount).Write(path);
            }

            Console.WriteLine($"{trainedFor.Task.Name}: {TrainingDisplay.Text(metrics)} on {sets.Sum(set => set.Examples.Count):N0} rows");
        }, CancellationToken.None));
        return command;
    }
}
