namespace Glue.Data;

/// <summary>How a text file holds a table.</summary>
/// <param name="Separator">What stands between two fields.</param>
/// <param name="Quoted">Whether quotes hide separators and line breaks (RFC 4180); without it every character is text.</param>
/// <param name="HasHeader">Whether the first line names the columns.</param>
/// <param name="SkipsShortRows">Whether a row that lacks a wanted field is left out rather than an error.</param>
internal sealed record TableFormat(char Separator, bool Quoted, bool HasHeader, bool SkipsShortRows = false)
{
    /// <summary>A file of the user's own, by its ending: .csv has commas and quotes, .tsv tabs and no quotes.</summary>
    /// <exception cref="InputException">The file ends otherwise.</exception>
    public static TableFormat Of(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => new TableFormat(',', Quoted: true, HasHeader: true),
        ".tsv" => new TableFormat('\t', Quoted: false, HasHeader: true),
        _ => throw new InputException($"{path}: a table's name ends in .csv (commas, quotes) or .tsv (tabs, no quotes)."),
    };
}

/// <summary>A column by its name in the header or, in a file without one, by its place.</summary>
internal sealed record Column(string Name, int? Position)
{
    public static Column Named(string name) => new(name, null);

    /// <param name="position">Counted from 0.</param>
    /// <param name="name">What errors call it.</param>
    public static Column At(int position, string name) => new(name, position);
}
