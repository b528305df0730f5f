namespace Lorta.Tests;

/// <summary>The reference data that lies beside the repository, or where <c>LORTA_SHARED</c> points.</summary>
internal static class SharedData
{
    /// <summary>The full path of <paramref name="relative"/> in the reference data; skips the test where it is missing.</summary>
    public static string Require(string relative)
    {
        string? root = Root();
        Assert.SkipWhen(root is null, "The reference data is missing: put it at ../shared from the repository's root, or set LORTA_SHARED.");
        string path = Path.Combine(root!, relative);
        Assert.SkipUnless(Path.Exists(path), $"The reference data has no {relative}.");
        return path;
    }

    private static string? Root()
    {
        string? configured = Environment.GetEnvironmentVariable("LORTA_SHARED");
        if (configured is not null)
        {
            return Directory.Exists(configured) ? configured : null;
        }

        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Lorta.Gen.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        string? beside = folder is null ? null : Path.GetFullPath(Path.Combine(folder, "..", "shared"));
        return Directory.Exists(beside) ? beside : null;
    }
}
