using System.Collections.Concurrent;
using System.Security.Cryptography;
using Lorta.Checkpoints;

namespace Lorta.ML.Bases;

/// <summary>The files that make a base model what it is: its configuration and its weights.</summary>
internal static class BaseFiles
{
    // A file is hashed once as long as it keeps its length and time: many models are loaded over one base.
    private static readonly ConcurrentDictionary<(string Path, long Length, DateTime Written), string> Known = new();

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
    public static IReadOnlyDictionary<string, string> Hash(string folder) =>
        In(folder).ToDictionary(path => Path.GetFileName(path), HashFile, StringComparer.Ordinal);

    private static string HashFile(string path)
    {
        var file = new FileInfo(path);
        return Known.GetOrAdd((file.FullName, file.Length, file.LastWriteTimeUtc), key =>
        {
            using FileStream stream = File.OpenRead(key.Path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        });
    }
}
