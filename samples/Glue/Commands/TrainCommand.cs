using System.CommandLine;
using System.Diagnostics;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Lorta.Adapters;
using Lorta.Training;

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
        Option<int?> saveSteps = new Option<int?>("--save-steps")
        {
            Description = "Write the run's state every N steps, not only after each epoch.",
            HelpName = "N",
        }.AtLeast(1);
        Option<int> seed = CommonOptions.Seed();
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
            LabelledData rows = data.Read(result, result.GetValue(seed));
            FineTuneSettings settings = fineTune.Read(result, rows.Task, result.GetValue(seed));
            string folder = result.GetValue(output) ?? Path.Combine("runs", $"{rows.Task.Name}-{settings.Method.Name}");
            string state = StateFile(folder, result.GetValue(resume));
            RunReport report = Train(
                result.GetRequiredValue(model), rows, settings, folder, state, result.GetValue(saveSteps), result.GetValue(quiet), cancellation);
            if (result.GetValue(json) is { } path)
            {
                report.Write(path);
            }

            Console.WriteLine($"{rows.Task.Name}: {TrainingDisplay.Text(report.Best!.Metrics)} (epoch {report.Best.Epoch}), {report.Parameters:N0} numbers trained, written to {folder}");
        }, CancellationToken.None));
        return command;
    }

    private static RunReport Train(
        string model, LabelledData rows, FineTuneSettings settings, string folder, string state, int? saveSteps, bool quiet, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var tuner = new FineTuner(model, rows, settings);
        using TextClassifier classifier = tuner.Classifier;
        TrainingResult trained;
        try
        {
            trained = TrainingDisplay.Show(rows.Task.Name, quiet, progress => tuner.Run(progress, cancellation, state, saveSteps));
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"Stopped; the same command with --resume goes on from {state}.", e);
        }

        TrainedFolder.Save(folder, tuner.Describe(model, trained), classifier);
        File.Delete(state);
        return new RunReport(
            rows.Task.Name,
            settings.Method.Name,
            (settings.Method as LortaOptions)?.Rank,
            settings.Seed,
            tuner.TrainedParameters,
            clock.Elapsed.TotalSeconds,
            [.. trained.Epochs.Select(EpochReport.Of)],
            EpochReport.Of(trained.Best ?? trained.Epochs[^1]));
    }

    private static string StateFile(string folder, bool resume)
    {
        string state = Path.Combine(folder, StateName);
        if (!resume && File.Exists(state))
        {
            throw new InputException($"{folder} holds a run that was stopped: add --resume to go on with it, or name another folder with --out.");
        }

        if (resume && !File.Exists(state) && File.Exists(Path.Combine(folder, TrainedFolder.DescriptionName)))
        {
            throw new InputException($"{folder} holds a run that came to its end: leave out --resume to train anew.");
        }

        return state;
    }
}
