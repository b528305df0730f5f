using System.Diagnostics;

namespace Lorta.Tests.Cuda;

/// <summary>The compilers and sources that kernels are checked with where there is no GPU.</summary>
internal static class Toolchain
{
    /// <summary>The folder of the headers and stand-ins, <c>tests/cuda</c>.</summary>
    public static string Sources { get; } = FindSources();

    /// <summary>Skips the test where a compiler is missing.</summary>
    public static void Require(string compiler) =>
        Assert.SkipUnless(IsInstalled(compiler), $"{compiler} is not installed: the kernels are not checked by it.");

    /// <summary>Runs a compiler; fails the test with what it wrote if it fails.</summary>
    public static void Run(string compiler, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{compiler} {string.Join(' ', arguments)}\n{errors}");
    }

    private static bool IsInstalled(string compiler) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, compiler)));

    private static string FindSources()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Lorta.Gen.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run inside the repository.");
        }

        return Path.Combine(folder, "tests", "cuda");
    }
}
