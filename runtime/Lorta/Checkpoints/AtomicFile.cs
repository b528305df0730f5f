using System.Text;

namespace Lorta.Checkpoints;

/// <summary>
/// Writes a file as a whole or not at all: into a temporary file in the same folder, flushed to the disk, then renamed
/// over the target. A reader sees the old bytes or the new ones, also after a crash or on a full disk. A link stays, and the file that
/// it names is replaced; a device, such as <c>/dev/stdout</c>, is written to as it stands.
/// </summary>
public static class AtomicFile
{
    private const int BufferSize = 1 << 16;

    // A living writer's file is unlocked for the moments before its lock and its renaming.
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(1);

    /// <summary>Replaces <paramref name="path"/> by what <paramref name="write"/> writes; its folder is made if absent.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="write">Writes the whole content. What it throws passes through, and the old file stays.</param>
    /// <exception cref="CheckpointException">The file cannot be written: no space, no permission.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = Path.GetFullPath(path);
        if (IsDevice(target))
        {
            WriteDevice(target, write);
            return;
        }

        target = new FileInfo(target).LinkTarget is null ? target : File.ResolveLinkTarget(target, returnFinalTarget: true)!.FullName;
        string folder = Path.GetDirectoryName(target) ?? throw new CheckpointException($"{path} is a folder: give a file's name.");
        string name = Path.GetFileName(target);
        string temporary = Path.Combine(folder, $".{name}.{Path.GetRandomFileName()}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            RemoveAbandoned(folder, name);
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception error)
        {
            DeleteQuietly(temporary);
            // Beyond the file system's largest file, .NET throws the third.
            if (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
            {
                throw new CheckpointException($"{path} cannot be written, and is as it was before: {error.Message.TrimEnd('.')}.", error);
            }

            throw;
        }
    }

    /// <summary>Replaces <paramref name="path"/> by <paramref name="text"/> in UTF-8, without a byte order mark.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="text">The whole content.</param>
    /// <exception cref="CheckpointException">The file cannot be written: no space, no permission.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    private static bool IsDevice(string path) =>
        path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal); // files in memory

    private static void WriteDevice(string path, Action<Stream> write)
    {
        try
        {
            using FileStream device = new(path, FileMode.Open, FileAccess.Write);
            write(device);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be written: {error.Message.TrimEnd('.')}.", error);
        }
    }

    /// <summary>Deletes what killed writers of the same file left: unlocked, and not just made.</summary>
    private static void RemoveAbandoned(string folder, string name)
    {
        foreach (string temporary in Directory.EnumerateFiles(folder, $".{name}.*.tmp"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(temporary) > AbandonedAfter && !IsLocked(temporary))
            {
                DeleteQuietly(temporary);
            }
        }
    }

    private static bool IsLocked(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What led here matters more: an error, or the file to write.
        }
    }
}
