using Lorta.Checkpoints;

namespace Lorta.ML.Bases;

/// <summary>The hashes of a base's files, computed on another thread while the base is loaded and used.</summary>
internal sealed class BaseHash
{
    private readonly string _folder;
    private readonly FileStamp[] _files;
    private readonly Task<IReadOnlyDictionary<string, string>> _hashing;

    /// <summary>Starts hashing: before the base is loaded, so that a change in between does not pass unseen.</summary>
    /// <exception cref="CheckpointException">The folder holds no model.</exception>
    public BaseHash(string folder)
    {
        _folder = folder;
        _files = [.. BaseFiles.In(folder).Select(FileStamp.Of)];
        _hashing = Task.Run(() => BaseFiles.Hash(_files));
    }

    /// <summary>The SHA-256 of each file, by name, in hexadecimal.</summary>
    /// <exception cref="CheckpointException">A file has been changed since hashing started.</exception>
    public IReadOnlyDictionary<string, string> Result()
    {
        IReadOnlyDictionary<string, string> hashes = _hashing.GetAwaiter().GetResult();
        return _files.SequenceEqual(_files.Select(file => FileStamp.Of(file.Path)))
            ? hashes
            : throw new CheckpointException($"The base model in '{_folder}' was changed while it was in use: leave it as it is, and fine-tune again.");
    }
}
