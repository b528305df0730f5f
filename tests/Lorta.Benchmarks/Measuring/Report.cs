using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Lorta.Benchmarks.Measuring;

/// <summary>The rows of a run: each is printed when it is there, all of them in a table at the end.</summary>
internal sealed class Report(TextWriter output)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private readonly List<Row> _rows = [];

    public void Add(Row row)
    {
        _rows.Add(row);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{row.Name}: {row.Median:G4} {row.Unit} ({row.Min:G4} to {row.Max:G4})"));
    }

    /// <summary>A remark on the run that is no figure.</summary>
    public void Note(string sentence) => output.WriteLine(sentence);

    public void PrintTable()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = Math.Max(console.Profile.Width, 120);
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("name", "median", "min", "max", "unit");
        foreach (Row row in _rows)
        {
            table.AddRow(Markup.Escape(row.Name), Format(row.Median), Format(row.Min), Format(row.Max), row.Unit);
        }

        console.Write(table);
    }

    public void WriteJson(string path) => File.WriteAllText(path, JsonSerializer.Serialize(_rows, Json));

    private static string Format(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
