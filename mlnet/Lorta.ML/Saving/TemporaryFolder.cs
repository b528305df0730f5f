namespace Lorta.ML.Saving;

/// <summary>A folder of the system's temporary ones, deleted with all that is in it when it is disposed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-");

    /// <summary>The folder's full path.</summary>
    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
