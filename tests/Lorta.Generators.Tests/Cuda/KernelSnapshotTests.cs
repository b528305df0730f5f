using Lorta.Generators.Cuda;
using Lorta.Tests.Cuda;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>
/// The emitted text of the main shapes, as files in <c>Snapshots</c>. Set LORTA_UPDATE_SNAPSHOTS=1 to write them anew, and
/// read the difference before committing it.
/// </summary>
public sealed class KernelSnapshotTests
{
    [Theory]
    [InlineData("rank-8-all-modes", 8, true, true)]
    [InlineData("rank-20-no-modes", 20, false, false)]
    public void WritesWhatIsKept(string name, int rank, bool hasHeads, bool hasCoefficients)
    {
        string path = Path.Combine(Toolchain.Sources, "..", "Lorta.Generators.Tests", "Cuda", "Snapshots", $"{name}.cu");
        string emitted = KernelEmitter.Emit(new(rank, hasHeads, hasCoefficients));
        if (Environment.GetEnvironmentVariable("LORTA_UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, emitted);
        }

        Assert.Equal(File.ReadAllText(path), emitted);
    }
}
