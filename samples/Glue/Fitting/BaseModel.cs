using System.Security.Cryptography;
using Lorta.Checkpoints;

namespace Glue.Fitting;

/// <summary>Where the pretrained models lie that fine-tuning starts from.</summary>
internal static class BaseModel
{
    /// <summary>The name of the encoder that the sample carries with it.</summary>
    public const string Embedded = "embedded";

    /// <summary>A model's folder.</summary>
    /// <param name="model">Its path, or <see cref="Embedded"/>.</param>
    public static string Folder(string model) => model == Embedded ? Path.Combine(AppContext.BaseDirectory, "Default") : model;

    /// <summary>A model's name without the place where it lies.</summary>
    /// <param name="model">Its path, or <see cref="Embedded"/>.</param>
    public static string Name(string model) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Absolute(model)));

    /// <summary>The SHA-256 of the hashes of a model's weight files, in hexadecimal.</summary>
    /// <param name="model">Its path, or <see cref="Embedded"/>.</param>
    /// <exception cref="CheckpointException">The folder holds no model.</exception>
    public static string Hash(string model)
    {
        using PretrainedFolder folder = PretrainedFolder.Open(Folder(model));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in folder.WeightFiles.Order(StringComparer.Ordinal))
        {
            using FileStream file = File.OpenRead(path);
            hash.AppendData(SHA256.HashData(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A model's name that holds in every working directory.</summary>
    /// <param name="model">Its path, or <see cref="Embedded"/>.</param>
    public static string Absolute(string model) => model == Embedded ? model : Path.GetFullPath(model);
}
