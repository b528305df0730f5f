namespace Glue.Fitting;

/// <summary>Whether two paths name one folder: however they end, and also through a link.</summary>
internal static class SameFolder
{
    public static bool Are(string one, string other) => Resolved(one) == Resolved(other);

    private static string Resolved(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Directory.Exists(full) ? Directory.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }
}
