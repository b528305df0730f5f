using System.CommandLine;
using System.Globalization;
using Glue.Corpus;
using Glue.Data;
using Glue.Fitting;
using Glue.Pictures;
using Glue.Reproduction;
using Glue.Tasks;

namespace Glue.Commands;

/// <summary><c>reproduce table1</c>: methods against tasks, with the numbers that each method trains.</summary>
internal sealed class Table1Command
{
    private const string PaperTasks = "sst-2,mrpc,cola,qnli,rte,sts-b";

    private readonly Option<string> _model = CommonOptions.Model();

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The folder that holds the tasks' folders, as GLUE hands them out. Without it, the embedded task.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _tasks = new("--tasks") { Description = $"The tasks [default: {PaperTasks}].", HelpName = "LIST" };

    private readonly Option<string> _methods = new("--methods")
    {
        Description = "The methods, with options after colons, as in lora:rank=8:targets=query+value:rate=2e-3.",
        DefaultValueFactory = _ => "head,full,bitfit,lora,vera:rank=256,lorta:rank=4,lorta:rank=8",
        HelpName = "LIST",
    };

    private readonly Option<string> _seeds = new("--seeds") { Description = "The seeds.", DefaultValueFactory = _ => "1,2,3", HelpName = "LIST" };

    private readonly Option<string?> _preset = new("--preset")
    {
        Description = "The paper's settings for the tasks (Table 3): roberta-base or roberta-large; without it, a short run's (docs/reproduce.md).",
        HelpName = "NAME",
    };

    private readonly Option<int?> _epochs = CheckedOption.WholeNumber("--epochs", "Times to go through the rows [default: by the task].", 1);

    private readonly Option<int?> _batch = CheckedOption.WholeNumber("--batch", "Rows of a step [default: 32, or the preset's].", 1);

    private readonly Option<int?> _maxLength = CheckedOption.WholeNumber("--max-length", "Tokens of a row [default: 128, or the preset's].", 3);

    private readonly Option<int?> _limit = CheckedOption.WholeNumber("--limit", "Train on N rows only, which the seed picks.", 1);

    private readonly Option<int?> _saveSteps = CheckedOption.WholeNumber("--save-steps", "Write a cell's state every N steps, not only after each epoch.", 1);

    private readonly Option<string> _output = new("--out")
    {
        Description = "The folder for table, pictures and cells; what is there already is not trained again.",
        DefaultValueFactory = _ => Path.Combine("runs", "table1"),
        HelpName = "DIR",
    };

    private readonly Option<bool> _quiet = CommonOptions.Quiet();

    public static Command Create()
    {
        var options = new Table1Command();
        var command = new Command("table1", "Train every method on every task with every seed; the score is the last epoch's.")
        {
            options._model, options._data, options._tasks, options._methods, options._seeds, options._preset, options._epochs, options._batch,
            options._maxLength, options._limit, options._saveSteps, options._output, options._quiet,
        };
        command.SetAction((result, cancellation) => Task.Run(() => options.Run(result, cancellation), CancellationToken.None));
        return command;
    }

    private void Run(ParseResult result, CancellationToken cancellation)
    {
        string folder = result.GetRequiredValue(_output);
        var grid = new Grid(
            result.GetRequiredValue(_model),
            Path.Combine(folder, "cells"),
            Tasks(result),
            MethodChoice.ParseList(result.GetRequiredValue(_methods)),
            Seeds(result.GetRequiredValue(_seeds)));
        if (grid.Model == BaseModel.Embedded)
        {
            EmbeddedEncoder.UseOneThread();
        }

        IReadOnlyList<long> parameters = grid.CountParameters();
        var table = Table1.Of(grid, parameters, grid.Run(result.GetValue(_quiet), result.GetValue(_saveSteps), cancellation));
        table.Write(folder);
        Table1Pictures.Write(table, folder);
        table.Print();
        Console.WriteLine(
            $"{table.Model}, seeds {string.Join(", ", grid.Seeds)}: median (lowest-highest) after the last epoch, in per cent; trained: without the head. Written to {folder}");
    }

    private IReadOnlyList<GridTask> Tasks(ParseResult result)
    {
        string? root = result.GetValue(_data);
        if (root is null)
        {
            return result.GetValue(_tasks) is { } given
                ? throw new InputException($"--tasks {given}: --data must name the folder of their folders; without it there is the embedded task.")
                : [Task(AgreementCorpus.Task, LabelledData.Embedded)];
        }

        string names = result.GetValue(_tasks) ?? PaperTasks;
        GlueTask[] tasks = [.. List(names).Select(GlueTask.Find)];
        if (tasks.Length == 0 || tasks.Distinct().Count() < tasks.Length)
        {
            throw new InputException($"--tasks {names}: name at least one task, and each once.");
        }

        return
        [
            .. tasks.Select(task =>
            {
                string folder = GlueTask.Folder(root, task);
                return Task(task.Task, _ => LabelledData.OfGlue(task, folder));
            }),
        ];

        GridTask Task(TextTask task, Func<int, LabelledData> read)
        {
            FineTuneSettings basis = result.GetValue(_preset) is { } preset ? Preset.Find(preset, task.Name) : ShortRun.Of(task.Name);
            return new GridTask(
                task,
                seed => result.GetValue(_limit) is { } limit ? read(seed).Limit(limit, seed) : read(seed),
                basis with
                {
                    Options = basis.Options with
                    {
                        Epochs = result.GetValue(_epochs) ?? basis.Options.Epochs,
                        BatchSize = result.GetValue(_batch) ?? basis.Options.BatchSize,
                    },
                    MaxLength = result.GetValue(_maxLength) ?? basis.MaxLength,
                });
        }
    }

    private static int[] Seeds(string text)
    {
        int[] seeds = [.. List(text).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : throw new InputException($"--seeds {text}: {part} is no whole number."))];
        return seeds.Length > 0 && seeds.Distinct().Count() == seeds.Length
            ? seeds
            : throw new InputException($"--seeds {text}: name at least one seed, and each once.");
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
