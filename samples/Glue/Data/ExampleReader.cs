using Glue.Tasks;
using Lorta.Tasks;
using System.Globalization;

namespace Glue.Data;

/// <summary>Reads a table's rows as a task's examples.</summary>
internal static class ExampleReader
{
    /// <exception cref="InputException">The table can't be read, or a label is none of the task's.</exception>
    public static List<TextExample> Read(string path, TableFormat format, Column text, Column? pair, Column label, TextTask task)
    {
        Column[] columns = pair is null ? [text, label] : [text, pair, label];
        return [.. Table.Read(path, format, columns).Select(row =>
            new TextExample(new(row.Fields[0], pair is null ? null : row.Fields[1]), Label(path, row, label, task)))];
    }

    private static float Label(string path, TableRow row, Column column, TextTask task)
    {
        string value = row.Fields[^1];
        return task.IsRegression ? Score(path, row.Line, value, column, task) : Class(path, row.Line, value, column, task);
    }

    private static float Class(string path, long line, string value, Column column, TextTask task)
    {
        for (int index = 0; index < task.Labels.Count; index++)
        {
            if (task.Labels[index].InFile == value)
            {
                return index;
            }
        }

        throw new InputException(
            $"{path}, line {line}: the {column.Name} \"{value}\" is none of {string.Join(", ", task.Labels.Select(label => label.InFile))}.");
    }

    private static float Score(string path, long line, string value, Column column, TextTask task)
    {
        if (!float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out float score) || !float.IsFinite(score))
        {
            throw new InputException($"{path}, line {line}: the {column.Name} \"{value}\" is not a number.");
        }

        return score >= (task.MinScore ?? score) && score <= (task.MaxScore ?? score)
            ? score
            : throw new InputException($"{path}, line {line}: the {column.Name} {value} is outside {task.MinScore} to {task.MaxScore}.");
    }
}
