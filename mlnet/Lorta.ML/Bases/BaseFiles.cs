using System.Collections.Concurrent;
using System.Security.Cryptography;
using Lorta.Checkpoints;

namespace Lorta.ML.Bases;

/// <summary>The files that make a base model what it is: its configuration and its weights.</summary>
internal static class BaseFiles
{
    // A file is hashed once as long as it keeps its length and time: many models are loaded over one base.
    private static readonly ConcurrentDictionary<FileStamp, string> Known = new();

    /// <summary>The full paths of the files in a model folder.</summary>
    /// <exception cref="CheckpointException">The folder holds no model.</exception>
    public static IReadOnlyList<string> In(string folder)
    {
        using PretrainedFolder checkpoint = PretrainedFolder.Open(folder);
        string index = Path.Combine(folder, PretrainedFolder.IndexName);
        string[] weights = [.. checkpoint.WeightFiles];
        return [checkpoint.Config.FilePath, .. weights, .. weights.Length > 1 && File.Exists(index) ? [index] : Array.Empty<string>()];
    }

    /// <summary>The SHA-256 of each file in a model folder, by name, in hexadecimal.</summary>
    /// <exception cref="CheckpointException">The folder holds no model.</exception>
    public static IReadOnlyDictionary<string, string> Hash(string folder) => Hash(In(folder).Select(FileStamp.Of));

    /// <summary>The SHA-256 of each of some files, by name, in hexadecimal.</summary>
    public static IReadOnlyDictionary<string, string> Hash(IEnumerable<FileStamp> files) =>
        files.ToDictionary(file => Path.GetFileName(file.Path), file => Known.GetOrAdd(file, Read), StringComparer.Ordinal);

    private static string Read(FileStamp file)
    {
        using FileStream stream = File.OpenRead(file.Path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
