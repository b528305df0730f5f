using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Glue.Tests.Commands;

/// <summary>The sample as a user meets it: arguments, two outputs and an exit code.</summary>
internal static partial class GlueProgram
{
    /// <summary>The tests that train in this process, one at a time, as torch's generator is the process's.</summary>
    public const string Collection = "training";

    private const int InterruptSignal = 2; // SIGINT

    /// <summary>Runs a command line in this process, for its exit code and what it complains of.</summary>
    public static async Task<Outcome> RunHere(params string[] arguments)
    {
        using var error = new StringWriter();
        return new Outcome(await GlueCommandLine.Run(arguments, error), "", error.ToString());
    }

    /// <summary>Runs a command line in a process of its own.</summary>
    public static async Task<Outcome> Run(params string[] arguments) => await Run(null, arguments);

    /// <param name="input">What stands on standard input.</param>
    /// <param name="arguments">The command line.</param>
    public static async Task<Outcome> Run(byte[]? input, string[] arguments)
    {
        using Process process = Start(arguments);
        if (input is not null)
        {
            await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        }

        process.StandardInput.Close();
        return await End(process);
    }

    public static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "Glue.dll"), .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        // Tiny models gain nothing from threads, which on a busy machine wait for each other.
        Environment = { ["OMP_NUM_THREADS"] = "1" },
    })!;

    /// <summary>Sends what Ctrl+C sends, at once: a program that does it would first have to start.</summary>
    public static void Interrupt(Process process) => Assert.Equal(0, Kill(process.Id, InterruptSignal));

    public static async Task<Outcome> End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Outcome(process.ExitCode, await output, error);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>What a run of the sample came to.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Fails unless the run failed with exactly one sentence that says <paramref name="complaint"/>.</summary>
    public void AssertRefused(string complaint)
    {
        Assert.NotEqual(0, ExitCode);
        Assert.Contains(complaint, Error);
        Assert.Single(Error.Trim().Split('\n'));
        Assert.DoesNotContain("   at ", Error);
        Assert.DoesNotContain("should not happen", Error);
    }

    /// <summary>Fails unless the run went well.</summary>
    public Outcome AssertWentWell()
    {
        Assert.True(ExitCode == 0, Error);
        return this;
    }
}
