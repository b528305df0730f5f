using System.CommandLine;
using System.Diagnostics;
using Glue.Corpus;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Glue.Tasks;
using Lorta.Adapters;

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
        Option<int?> limit = new Option<int?>("--limit") { Description = "Score the first N rows only, after a shuffle that the seed fixes.", HelpName = "N" }.AtLeast(1);
        Option<int?> seed = new("--seed") { Description = "Fixes the embedded task's rows and the shuffle [default: that of the training].", HelpName = "N" };
        Option<string?> json = CommonOptions.Json();
        var command = new Command("evaluate", "Score a trained model on the task's development set.") { trained, model, data, limit, seed, json };
        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            var clock = Stopwatch.StartNew();
            string folder = result.GetRequiredValue(trained);
            TrainedModel description = CommonOptions.Describe(folder, result.GetValue(model));
            int fixedSeed = result.GetValue(seed) ?? description.Seed;
            IReadOnlyList<EvaluationSet> sets = Rows(description, result.GetValue(data), fixedSeed);
            if (result.GetValue(limit) is { } rows)
            {
                sets = [.. sets.Select(set => set.Limit(rows, fixedSeed))];
            }

            using TextClassifier classifier = TrainedFolder.Load(folder, description);
            IReadOnlyDictionary<string, double> metrics = new Evaluator(classifier, description.Task, sets).Score(cancellation);
            if (result.GetValue(json) is { } path)
            {
                new RunReport(
                    description.Task.Name,
                    description.Method,
                    (classifier.Adapter!.Method as LortaOptions)?.Rank,
                    fixedSeed,
                    description.Parameters,
                    clock.Elapsed.TotalSeconds,
                    [],
                    new EpochReport(description.Epoch, null, metrics)).Write(path);
            }

            Console.WriteLine($"{description.Task.Name}: {TrainingDisplay.Text(metrics)} on {sets.Sum(set => set.Examples.Count):N0} rows");
        }, CancellationToken.None));
        return command;
    }

    private static IReadOnlyList<EvaluationSet> Rows(TrainedModel description, string? path, int seed)
    {
        if (description.Task.Name == AgreementCorpus.Task.Name && description.Columns is null)
        {
            return AgreementCorpus.Dev(seed);
        }

        if (path is null)
        {
            throw new InputException($"The model was trained on {description.Task.Name}: evaluate needs --data with its rows.");
        }

        return description.Columns is { } columns
            ? [new("dev", columns.Read(path, description.Task))]
            : GlueTask.Find(description.Task.Name).ReadDev(path);
    }
}
