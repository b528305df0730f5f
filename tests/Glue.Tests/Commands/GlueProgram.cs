using System.Diagnostics;

namespace Glue.Tests.Commands;

/// <summary>The sample as a user meets it: a process with arguments, two outputs and an exit code.</summary>
internal static class GlueProgram
{
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
    })!;

    public static async Task<Outcome> End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Outcome(process.ExitCode, await output, error);
    }
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
