using System.Diagnostics;
using Lorta.Text;

namespace Lorta.Tests.Text;

/// <summary>Without Unicode normalisation BERT's ids would silently be wrong, so that it refuses to load.</summary>
public sealed class InvariantGlobalizationTests
{
    private const string Invariant = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";

    /// <summary>Runs itself in a process that is invariant from its start, because the mode can't be changed later.</summary>
    [Fact]
    public async Task UncasedBertIsRefused()
    {
        if (Environment.GetEnvironmentVariable(Invariant) == "1")
        {
            using TemporaryFolder folder = new();
            TinyTokenizers.WriteBert(folder);
            TokenizerException error = Assert.Throws<TokenizerException>(() => TextTokenizer.Load(folder.Path));
            Assert.Contains("InvariantGlobalization", error.Message);
            TinyTokenizers.WriteBert(folder, new { do_lower_case = false });
            Assert.Equal(2 + 1, TextTokenizer.Load(folder.Path).Encode("é").Length);
            return;
        }

        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, Environment = { [Invariant] = "1" } };
        string method = $"{typeof(InvariantGlobalizationTests).FullName}.{nameof(UncasedBertIsRefused)}";
        foreach (string argument in new[] { typeof(InvariantGlobalizationTests).Assembly.Location, "-method", method })
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Total: 1", output);
    }
}
