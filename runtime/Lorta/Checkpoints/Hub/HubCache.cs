namespace Lorta.Checkpoints.Hub;

/// <summary>
/// One model in the cache of the Hugging Face tools (Hub documentation, Hub Local Cache): <c>blobs</c> has each file's
/// content under its ETag, <c>snapshots/COMMIT</c> links the file names of a commit to them, <c>refs</c> has the commit of
/// a branch or tag, and <c>.locks</c> beside the models what keeps two processes from downloading the same blob.
/// </summary>
internal sealed class HubCache
{
    private const int LockPollMilliseconds = 100;

    private readonly string _folder;
    private readonly string _locks;

    public HubCache(string cacheFolder, HubModelId id)
    {
        string name = $"models--{id.Repository.Replace("/", "--", StringComparison.Ordinal)}";
        _folder = Path.Combine(cacheFolder, name);
        _locks = Path.Combine(cacheFolder, ".locks", name);
    }

    public string Snapshot(string commit) => Path.Combine(_folder, "snapshots", commit);

    public string Blob(string etag) => Path.Combine(_folder, "blobs", etag);

    /// <summary>The commit that a revision stood for when it was last asked for.</summary>
    public string? FindCommit(HubModelId id)
    {
        string path = RefPath(id);
        return id.IsCommit ? id.Revision : File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <summary>Remembers the commit of a branch or tag. A cache that may only be read stays as it is where nothing changed.</summary>
    public void StoreCommit(HubModelId id, string commit)
    {
        if (FindCommit(id) != commit)
        {
            AtomicFile.WriteText(RefPath(id), commit);
        }
    }

    /// <summary>The folder of a revision that can be loaded without the hub, or null.</summary>
    public string? FindComplete(HubModelId id) =>
        FindCommit(id) is { } commit && ModelFiles.AreComplete(Snapshot(commit)) ? Snapshot(commit) : null;

    /// <summary>Gives a blob its file name in a commit's snapshot.</summary>
    public void Link(string etag, string commit, string fileName)
    {
        string path = Path.Combine(Snapshot(commit), fileName);
        if (File.Exists(path))
        {
            return;
        }

        Directory.CreateDirectory(Snapshot(commit));
        // What stands there nonetheless is a link to a blob that is gone.
        File.Delete(path);
        try
        {
            File.CreateSymbolicLink(path, Path.Combine("..", "..", "blobs", etag));
        }
        catch (Exception error) when (OperatingSystem.IsWindows() && error is IOException or UnauthorizedAccessException)
        {
            // Without the right to make links the Python tools move the blob, too.
            File.Move(Blob(etag), path);
        }
    }

    /// <summary>Waits until no other process downloads the blob. The lock is flock's, as that of the Python tools.</summary>
    public async Task<IDisposable> LockAsync(string etag, CancellationToken cancellation)
    {
        Directory.CreateDirectory(_locks);
        Directory.CreateDirectory(Path.Combine(_folder, "blobs"));
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(_locks, $"{etag}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (IsHeldByAnother(error))
            {
                await Task.Delay(LockPollMilliseconds, cancellation).ConfigureAwait(false);
            }
        }
    }

    // EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.
    private static bool IsHeldByAnother(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);

    private string RefPath(HubModelId id) => Path.Combine([_folder, "refs", .. id.Revision.Split('/')]);
}
