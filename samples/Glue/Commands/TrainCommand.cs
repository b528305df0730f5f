using System.CommandLine;
using System.Diagnostics;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;

namespace Glue.Commands;

/// <summary><c>train</c>: fine-tunes a model to a task and writes what it learnt.</summary>
internal static class TrainCommand
{
    private const string StateName = "state.safetensors";
    private const string PipelineName = "model.zip";

    public static Command Create()
    {
        var data = new DataOptions();
        var fineTune = new FineTuneOptions();
        Option<string> model = CommonOptions.Model();
        Option<string?> output = new("--out") { Description = "The folder to write [default: runs/TASK-METHOD].", HelpName = "DIR" };
        Option<bool> resume = new("--resume") { Description = "Go on with a run that was stopped, given the same options." };
        Option<int?> saveSteps = CheckedOption.WholeNumber("--save-steps", "Write the run's state every N steps, not only after each epoch.", 1);
        Option<bool> mlnet = new("--mlnet")
        {
            Description = "Train through an ML.NET pipeline, beside the one that ML.NET itself offers; writes model.zip instead of the adapter.",
        };
        Option<string?> tensorBoard = new("--tensorboard")
        {
            Description = "Write losses, rates, scores and settings to this folder for TensorBoard.",
            HelpName = "DIR",
        };
        Option<int?> seed = CommonOptions.Seed();
        Option<string?> json = CommonOptions.Json();
        Option<bool> quiet = CommonOptions.Quiet();

        var command = new Command("train", "Fine-tune a model to a task of GLUE, a table of your own, or the embedded task.");
        data.AddTo(command);
        command.Add(model);
        fineTune.AddTo(command);
        foreach (Option option in new Option[] { output, resume, saveSteps, mlnet, tensorBoard, seed, json, quiet })
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
            string? title = result.GetValue(quiet) ? null : rows.Task.Name;
            TensorBoardLog? log = result.GetValue(tensorBoard) is { } logFolder
                ? new(logFolder, settings.Method.Name, ReportedSettings.Of(settings, basis, rows))
                : null;
            if (result.GetValue(mlnet))
            {
                if (result.GetValue(json) is not null || result.GetValue(saveSteps) is not null)
                {
                    throw new InputException("--mlnet writes model.zip only, and its state after each epoch: leave out --json and --save-steps.");
                }

                TrainInPipeline(basis, rows, settings, folder, title, log, cancellation);
                return;
            }

            using FineTunedModel trained = Train(settings, () => FineTunedModel.Train(basis, rows, settings, title, cancellation, log));
            TrainedFolder.Save(folder, rows, basis, fixedSeed, trained);
            File.Delete(state);
            RunReport report = RunReport.Of(rows, basis, settings, trained, clock.Elapsed);
            if (result.GetValue(json) is { } path)
            {
                report.Write(path);
            }

            Console.WriteLine($"{rows.Task.Name}: {TrainingDisplay.Text(report.Best!.Metrics)} (epoch {report.Best.Epoch}), {report.Parameters:N0} numbers trained, written to {folder}");
        }, CancellationToken.None));
        return command;
    }

    private static void TrainInPipeline(
        string model,
        LabelledData rows,
        FineTuneSettings settings,
        string folder,
        string? title,
        TensorBoardLog? log,
        CancellationToken cancellation)
    {
        string path = Path.Combine(folder, PipelineName);
        Directory.CreateDirectory(folder);
        var pipeline = new Pipeline(rows, settings.Options.Seed);
        IReadOnlyDictionary<string, double> lorta = Train(settings, () => pipeline.FineTune(model, settings, title, log, path, cancellation));
        File.Delete(settings.Options.StateFile!);
        Console.WriteLine($"{rows.Task.Name}: FeaturizeText and SDCA: {TrainingDisplay.Text(pipeline.CountWords())}");
        Console.WriteLine($"{rows.Task.Name}: LortaFineTune: {TrainingDisplay.Text(lorta)}, written to {path}");
    }

    /// <summary>Trains, and says of a run that was stopped how it goes on.</summary>
    private static T Train<T>(FineTuneSettings settings, Func<T> train)
    {
        try
        {
            return train();
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(
                File.Exists(settings.Options.StateFile)
                    ? $"Stopped; the same command with --resume goes on from {settings.Options.StateFile}."
                    : "Stopped before there was anything to keep.",
                e);
        }
    }

    private static string StateFile(string folder, bool resume)
    {
        string state = Path.Combine(folder, StateName);
        if (!resume && File.Exists(state))
        {
            throw new InputException($"{folder} holds a run that was stopped: add --resume to go on with it, or name another folder with --out.");
        }

        if (resume && !File.Exists(state) && new[] { TrainedFolder.TaskName, PipelineName }.Any(name => File.Exists(Path.Combine(folder, name))))
        {
            throw new InputException($"{folder} holds a run that came to its end: leave out --resume to train anew.");
        }

        return state;
    }
}
