using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Lorta.Checkpoints;

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
            TrainedModel description = CommonOptions.Describe(folder, result.GetValue(model));
            if (Path.GetFullPath(target) == Path.GetFullPath(BaseModel.Folder(description.Model)))
            {
                throw new InputException($"--out {target} is the base model itself, which would be lost: name another folder.");
            }

            using TextClassifier classifier = TrainedFolder.Load(folder, description);
            classifier.Adapter!.Merge();
            classifier.Model.Save(target, description.Task.IsRegression ? ["score"] : [.. description.Task.Labels.Select(label => label.Name)]);
            foreach (string file in classifier.Tokenizer.Files)
            {
                AtomicFile.Write(Path.Combine(target, Path.GetFileName(file)), stream =>
                {
                    using FileStream source = File.OpenRead(file);
                    source.CopyTo(stream);
                });
            }

            Console.WriteLine($"Written to {target}");
        });
        return command;
    }
}
