using System.Diagnostics;
using System.Globalization;

namespace Lorta.Benchmarks.Measuring;

/// <summary>Runs this program again, for figures that belong to a whole process: its peak memory, its start.</summary>
internal static class OwnProcess
{
    /// <summary>The number that a command of this program prints, and how long the process took.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static (double Printed, TimeSpan Elapsed) Run(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath!;
        IEnumerable<string> host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(OwnProcess).Assembly.Location] : [];
        var start = new ProcessStartInfo(program, [.. host, .. arguments]) { RedirectStandardOutput = true };
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? (double.Parse(output, CultureInfo.InvariantCulture), Stopwatch.GetElapsedTime(begin))
            : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with exit code {process.ExitCode}.");
    }
}
