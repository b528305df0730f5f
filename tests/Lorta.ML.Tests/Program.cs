using Xunit.Runner.InProc.SystemConsole;

namespace Lorta.ML.Tests;

internal static class Program
{
    public static async Task<int> Main(string[] args) =>
        args is [FreshProcess.Command, .. string[] files] ? FreshProcess.Score(files) : await ConsoleRunner.Run(args);
}
