using System.CommandLine;
using Glue.Data;
using Glue.Tasks;

namespace Glue.Commands;

/// <summary>The options that say which rows a command works on.</summary>
internal sealed class DataOptions
{
    private readonly Option<string?> _task = new("--task")
    {
        Description = $"A task of GLUE: {string.Join(", ", GlueTask.All.Select(task => task.Task.Name))}.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "With --task, the folder of the task's official files; else a .csv or .tsv table of your own. Without it, the embedded task.",
        HelpName = "PATH",
    };

    private readonly Option<string?> _text = new("--text") { Description = "The column of your table that holds the text.", HelpName = "COLUMN" };

    private readonly Option<string?> _pair = new("--text2") { Description = "The column that holds the second text, where rows are pairs.", HelpName = "COLUMN" };

    private readonly Option<string?> _label = new("--label") { Description = "The column that holds the class.", HelpName = "COLUMN" };

    private readonly Option<bool> _regression = new("--regression") { Description = "The label column holds a number to predict, not a class." };

    private readonly Option<string?> _dev = new("--dev")
    {
        Description = "A second table of your own to score on; without it, a tenth of the rows is held out.",
        HelpName = "PATH",
    };

    private readonly Option<int?> _limit = CheckedOption.WholeNumber(
        "--limit", "Train on the first N rows only, after a shuffle that the seed fixes.", 1);

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _task, _data, _text, _pair, _label, _regression, _dev, _limit })
        {
            command.Add(option);
        }
    }

    /// <summary>The rows that the options name.</summary>
    /// <exception cref="InputException">Options don't go together, or files can't be read.</exception>
    public LabelledData Read(ParseResult result, int seed)
    {
        LabelledData data = ReadAll(result, seed);
        return result.GetValue(_limit) is { } limit ? data.Limit(limit, seed) : data;
    }

    private LabelledData ReadAll(ParseResult result, int seed)
    {
        string? path = result.GetValue(_data);
        if (result.GetValue(_task) is { } name)
        {
            GlueTask task = GlueTask.Find(name);
            RefuseColumns(result, "--task names one of GLUE's");
            return LabelledData.OfGlue(task, path ?? throw new InputException($"--task {name} needs --data with the folder of its files."));
        }

        if (path is null)
        {
            RefuseColumns(result, "--data names none");
            return LabelledData.Embedded(seed);
        }

        OwnTable table = new(
            result.GetValue(_text) ?? throw new InputException("--data needs --text with the column of the text, or --task."),
            result.GetValue(_pair),
            result.GetValue(_label) ?? throw new InputException("--data needs --label with the column of the class, or --task."));
        TextTask ofTable = result.GetValue(_regression) ? table.Scores(path) : table.Classes(path);
        return LabelledData.OfTable(table, ofTable, path, result.GetValue(_dev), seed);
    }

    private void RefuseColumns(ParseResult result, string reason)
    {
        Option? given = new Option[] { _text, _pair, _label, _regression, _dev }.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });
        if (given is not null)
        {
            throw new InputException($"{given.Name} is for a table of your own, and {reason}.");
        }
    }
}
