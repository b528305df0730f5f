namespace Lorta.Tests.Checkpoints;

/// <summary>A folder of a test's own, removed at its end.</summary>
/// <param name="inMemory">For thousands of writes: where the system keeps a folder in memory, the folder lies there.</param>
internal sealed class TemporaryFolder(bool inMemory = false) : IDisposable
{
    private const string MemoryFolder = "/dev/shm";

    public string FullPath { get; } = inMemory && Directory.Exists(MemoryFolder)
        ? Directory.CreateDirectory(Path.Combine(MemoryFolder, $"lorta-test-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("lorta-test-").FullName;

    public string this[string name] => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
