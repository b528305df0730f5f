using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Lorta.Tasks;

namespace Glue.Commands;

/// <summary><c>export</c>: writes base and adapter, merged, as a plain model.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<string> trained = CommonOptions.Trained();
        Option<string?> model = CommonOptions.MovedModel();
        Option<string> output = new("--out") { Description = "The folder to write.", Required = true, HelpName = "DIR" };
        var command = new Command("export", "Merge the adapter into its base and write a Hugging Face folder, which needs no adapter.") { trained, model, output };
        command.SetAction(result =>
        {
            string folder = result.GetRequiredValue(trained);
            string target = result.GetRequiredValue(output);
            TrainedTask task = CommonOptions.ReadTask(folder, result.GetValue(model));
            if (SameFolder.Are(target, BaseModel.Folder(task.Model)))
            {
                throw new InputException($"--out {target} is the base model itself, which would be lost: name another folder.");
            }

            if (SameFolder.Are(target, folder))
            {
                throw new InputException($"--out {target} is the adapter's own folder, which is no place for a model: name another folder.");
            }

            using TextClassifier classifier = TrainedFolder.Load(folder, task);
            if (!classifier.Adapter.CanMerge)
            {
                throw new InputException(
                    $"{folder} was trained by {classifier.Adapter.Method.Name}, which is no change of the base's weights: no plain model computes the same; use it with predict --adapter.");
            }

            classifier.Export(target);
            Console.WriteLine($"Written to {target}");
        });
        return command;
    }
}
