using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Lorta.Tests.Checkpoints;

/// <summary>Runs a part of this program in a process of its own, one that a test may limit or kill.</summary>
internal static class ChildProcess
{
    private const string Variable = "LORTA_TEST_CHILD";

    private static readonly Dictionary<string, Action<string>> Parts = new()
    {
        [nameof(AtomicFileTests.RewriteForever)] = AtomicFileTests.RewriteForever,
        [nameof(AtomicFileTests.WriteTensors)] = AtomicFileTests.WriteTensors,
    };

    /// <summary>Starts <paramref name="part"/> with an argument. A limit is the size in KiB that its files may grow to.</summary>
    public static Process Start(string part, string argument, int? fileSizeLimit = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, typeof(ChildProcess).Assembly.GetName().Name!);
        ProcessStartInfo start = fileSizeLimit is null
            ? new(program)
            : new("bash", ["-c", $"trap '' XFSZ; ulimit -f {fileSizeLimit}; exec \"$0\"", program]);
        start.RedirectStandardOutput = true;
        start.Environment[Variable] = $"{part} {argument}";
        // The runtime's own memory file would count against the limit.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    // Runs before the program's entry point, which belongs to the test framework.
    [ModuleInitializer]
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 2) is [string part, string argument])
        {
            Parts[part](argument);
            Environment.Exit(0);
        }
    }
}
