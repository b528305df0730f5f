using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Lorta.Adapters;
using Lorta.Tasks;

namespace Glue.Commands;

/// <summary><c>prune</c>: leaves out the small components of a LoRTA adapter, and says what that costs.</summary>
internal static class PruneCommand
{
    public static Command Create()
    {
        Option<string> trained = CommonOptions.Trained();
        Option<string?> model = CommonOptions.MovedModel();
        Option<int?> rank = CheckedOption.WholeNumber("--rank", "How many components to keep.", 1);
        rank.Required = true;
        Option<string> output = new("--out") { Description = "The folder to write.", Required = true, HelpName = "DIR" };
        Option<string?> data = new("--data")
        {
            Description = "Rows to score both on: the folder of the task's official files, or a table of your own; the embedded task needs none.",
            HelpName = "PATH",
        };
        var command = new Command("prune", "Leave out the small components of a LoRTA adapter.") { trained, rank, output, model, data };
        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            string folder = result.GetRequiredValue(trained);
            string target = result.GetRequiredValue(output);
            if (SameFolder.Are(target, folder))
            {
                throw new InputException($"--out {target} is the adapter itself, which would be lost: name another folder.");
            }

            TrainedTask task = CommonOptions.ReadTask(folder, result.GetValue(model));
            IReadOnlyList<EvaluationSet> rows = result.GetValue(data) is null && !task.IsEmbedded
                ? []
                : Evaluation.Rows(task, result.GetValue(data), task.Seed);
            using TextClassifier whole = TrainedFolder.Load(folder, task);
            if (whole.Adapter is not LortaAdapter adapter)
            {
                throw new InputException($"{folder} was trained by {whole.Adapter.Method.Name}: only LoRTA's adapters have components to leave out.");
            }

            (LortaAdapter kept, double cost) = LortaPruning.Prune(adapter, result.GetValue(rank)!.Value, "pruned");
            using (kept)
            {
                // Model and tokenizer stay the whole classifier's, to dispose of.
                var pruned = new TextClassifier(whole.Model, whole.Tokenizer, whole.Labels, whole.MaxLength, _ => kept);
                TrainedFolder.Save(target, pruned, task with { Parameters = task.Parameters - adapter.TrainableCount + kept.TrainableCount });
                Print(task, rows, [("before", whole, adapter), ("after", pruned, kept)], cancellation);
            }

            Console.WriteLine($"What is gone is {100 * cost:F2} % of the update's norm. Written to {target}");
        }, CancellationToken.None));
        return command;
    }

    private static void Print(
        TrainedTask task, IReadOnlyList<EvaluationSet> rows, (string Name, TextClassifier Classifier, LortaAdapter Adapter)[] models, CancellationToken cancellation)
    {
        Dictionary<string, double>[] scores = [.. models.Select(model => Evaluation.Score(model.Classifier, task.Task, rows, cancellation))];
        ResultTable.Print(
            ["", "rank", "numbers", .. scores[0].Keys],
            models.Zip(scores, (model, score) => new[] { model.Name, $"{model.Adapter.Options.Rank}", $"{model.Adapter.TrainableCount:N0}" }
                .Concat(score.Values.Select(value => $"{value:F4}"))
                .ToArray()));
    }
}
