using System.CommandLine;
using System.Diagnostics;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Glue.Tasks;
using Lorta.Adapters;

namespace Glue.Commands;

/// <summary><c>train</c>: fine-tunes a model to a task and writes what it learnt.</summary>
internal static class TrainCommand
{
    private const string StateName = "state.safetensors";

    public static Command Create()
    {
        var data = new DataOptions();
        var fineTune = new FineTuneOptions();
        Option<string> model = new("--model")
        {
            Description = "A BERT or RoBERTa checkpoint in a Hugging Face folder; without it, the embedded encoder.",
            DefaultValueFactory = _ => BaseModel.Embedded,
            HelpName = "DIR",
        };
        Option<string?> output = new("--out") { Description = "The folder to write [default: runs/TASK-METHOD].", HelpName = "DIR" };
        Option<bool> resume = new("--resume") { Description = "Go on with a run that was stopped, given the same options." };
        Option<int?> saveSteps = CheckedOption.WholeNumber("--save-steps", "Write the run's state every N steps, not only after each epoch.", 1);
        Option<int?> seed = CommonOptions.Seed();
        Option<string?> json = CommonOptions.Json();
        Option<bool> quiet = CommonOptions.Quiet();

        var command = new Command("train", "Fine-tune a model to a task of GLUE, a table of your own, or the embedded task.");
        data.AddTo(command);
        command.Add(model);
        fineTune.AddTo(command);
        foreach (Option option in new Option[] { output, resume, saveSteps, seed, json, quiet })
        {
            command.Add(option);
        }

        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            var clock = Stopwatch.StartNew();
            int fixedSeed = result.GetValue(seed) ?? CommonOptions.DefaultSeed;
            LabelledData rows = data.Read(result, fixedSeed);
            FineTuneSettings settings = fineTune.Read(result, rows.Task, fixedSeed);
            string folder = result.GetValue(output) ?? Path.Combine("runs", $"{rows.Task.Name}-{settings.Method.Name}");
            string state = StateFile(folder, result.GetValue(resume));
            settings = settings with { Options = settings.Options with { StateFile = state, SaveEvery = result.GetValue(saveSteps) } };
            string basis = result.GetRequiredValue(model);
            using FineTunedModel trained = Train(basis, rows, settings, result.GetValue(quiet) ? null : rows.Task.Name, cancellation);
            TrainedFolder.Save(folder, rows, basis, fixedSeed, trained);
            File.Delete(state);
            RunReport report = Report(rows.Task, settings, fixedSeed, trained, clock.Elapsed);
            if (result.GetValue(json) is { } path)
            {
                report.Write(path);
            }

            Console.WriteLine($"{rows.Task.Name}: {TrainingDisplay.Text(report.Best!.Metrics)} (epoch {report.Best.Epoch}), {report.Parameters:N0} numbers trained, written to {folder}");
        }, CancellationToken.None));
        return command;
    }

    private static FineTunedModel Train(string model, LabelledData rows, FineTuneSettings settings, string? title, CancellationToken cancellation)
    {
        try
        {
            return FineTunedModel.Train(model, rows, settings, title, cancellation);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"Stopped; the same command with --resume goes on from {settings.Options.StateFile}.", e);
        }
    }

    private static RunReport Report(TextTask task, FineTuneSettings settings, int seed, FineTunedModel trained, TimeSpan time) => new(
        task.Name,
        settings.Method.Name,
        (settings.Method as LortaOptions)?.Rank,
        seed,
        trained.AdapterParameters + trained.HeadParameters,
        time.TotalSeconds,
        [.. trained.Result.Epochs.Select(epoch => EpochReport.Of(epoch, task))],
        EpochReport.Of(trained.Best, task));

    private static string StateFile(string folder, bool resume)
    {
        string state = Path.Combine(folder, StateName);
        if (!resume && File.Exists(state))
        {
            throw new InputException($"{folder} holds a run that was stopped: add --resume to go on with it, or name another folder with --out.");
        }

        if (resume && !File.Exists(state) && File.Exists(Path.Combine(folder, TrainedFolder.TaskName)))
        {
            throw new InputException($"{folder} holds a run that came to its end: leave out --resume to train anew.");
        }

        return state;
    }
}
