using System.Diagnostics;

namespace Lorta.Tests.Training;

[Collection(GlobalGenerator.Name)]
public sealed class KilledRunTests : IDisposable
{
    private const int Kills = 10;

    // What the killed processes do together is less than the whole run, which is some 450 forwards.
    private const int ForwardsUntilKilled = 30;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-killed-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ARunKilledAtRandomMomentsEndsWithTheSameBytes()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string whole = _folder.CreateSubdirectory("whole").FullName;
        string killed = _folder.CreateSubdirectory("killed").FullName;
        using var task = new TinyTask();
        task.TrainerOf(KilledRun.OptionsIn(whole)).Run(cancellation);

        var random = new Random();
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = KilledRun.Start(killed, ForwardsUntilKilled);
            Assert.Equal("under way", await process.StandardOutput.ReadLineAsync(cancellation));
            await Task.Delay(random.Next(60), cancellation);
            Assert.False(process.HasExited);
            process.Kill();
            await process.WaitForExitAsync(cancellation);
            Assert.False(File.Exists(KilledRun.ParametersIn(killed)));
        }

        using Process last = KilledRun.Start(killed, int.MaxValue);
        await last.WaitForExitAsync(cancellation);

        Assert.Equal(0, last.ExitCode);
        Assert.Equal(task.Bytes(), File.ReadAllBytes(KilledRun.ParametersIn(killed)));
        Assert.Equal(File.ReadAllBytes(KilledRun.OptionsIn(whole).StateFile!), File.ReadAllBytes(KilledRun.OptionsIn(killed).StateFile!));
    }
}
