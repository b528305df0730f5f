using CsvHelper;

namespace Glue.Data;

/// <summary>One row's wanted fields.</summary>
/// <param name="Line">The line of the file where the row starts, from 1.</param>
/// <param name="Fields">In the order in which the columns were asked for.</param>
internal sealed record TableRow(long Line, string[] Fields);

/// <summary>Reads the wanted columns of a table in a text file, and says where the file is not one.</summary>
internal static class Table
{
    /// <exception cref="InputException">The file is missing, empty, not UTF-8, malformed, or lacks a column.</exception>
    public static List<TableRow> Read(string path, TableFormat format, IReadOnlyList<Column> columns)
    {
        byte[] bytes = Utf8Text.ReadFile(path);
        using CsvReader reader = CsvReader.Create(bytes, new CsvReaderOptions
        {
            Separator = format.Separator,
            Mode = format.Quoted ? CsvMode.Rfc4180 : CsvMode.NoEscape,
            HasHeader = format.HasHeader,
            MalformedData = CsvMalformedDataHandling.Throw,
            TrackLineNumbers = true,
        });
        try
        {
            int[] positions = [.. columns.Select(column => Position(path, reader, column))];
            var rows = new List<TableRow>();
            while (reader.Read())
            {
                int missing = Array.FindIndex(positions, position => position >= reader.FieldCount);
                if (missing < 0)
                {
                    rows.Add(new TableRow(reader.LineNumber, [.. positions.Select(reader.GetString)]));
                }
                else if (!format.SkipsShortRows)
                {
                    throw new InputException(
                        $"{path}, line {reader.LineNumber}: column {positions[missing] + 1} ({columns[missing].Name}) is missing, the line has {reader.FieldCount}.");
                }
            }

            return rows.Count > 0 ? rows : throw new InputException($"{path}: there are no rows in it.");
        }
        catch (CsvFormatException e)
        {
            throw new InputException($"{path}, line {e.LineNumber}: a quote is opened or closed in the wrong place.", e);
        }
    }

    private static int Position(string path, CsvReader reader, Column column)
    {
        if (column.Position is { } position)
        {
            return position;
        }

        return reader.TryGetFieldIndex(column.Name, out int index)
            ? index
            : throw new InputException($"{path}, line 1: there is no column \"{column.Name}\", only {string.Join(", ", reader.Headers.Select(name => $"\"{name}\""))}.");
    }
}
