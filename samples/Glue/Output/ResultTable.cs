using Spectre.Console;

namespace Glue.Output;

/// <summary>A table on standard output.</summary>
internal static class ResultTable
{
    // Where the output is no terminal it has no width either: rows stay whole.
    private const int WidthOfFiles = 400;

    /// <summary>Prints rows under headings; all columns but the first are aligned by their heading.</summary>
    public static void Print(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Out) });
        if (System.Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(Markup.Escape(heading)));
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        console.Write(table);
    }
}
