using System.Security.Cryptography;
using System.Text;
using Lorta.Checkpoints;

namespace Lorta.Kernels;

/// <summary>
/// Compiled kernels in a folder, one file each, named by what they were made from. A file is the SHA-256 of the code and
/// then the code; one that is damaged counts as absent.
/// </summary>
internal sealed class KernelCache(string folder)
{
    /// <summary>The file of what this compiler makes of this source for this architecture.</summary>
    public string PathOf(string source, IReadOnlyList<string> options, string architecture, string compilerVersion)
    {
        string key = string.Join('\n', [.. options, compilerVersion, source]);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return Path.Combine(folder, $"{hash}.{architecture}.cubin");
    }

    /// <summary>The code in the file, or null where it is absent, damaged or not readable.</summary>
    public static byte[]? Read(string path)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            ReadOnlySpan<byte> code = bytes.AsSpan(Math.Min(SHA256.HashSizeInBytes, bytes.Length));
            return bytes.AsSpan(0, bytes.Length - code.Length).SequenceEqual(SHA256.HashData(code)) ? code.ToArray() : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps the code, where the folder can be written.</summary>
    public static void Write(string path, byte[] code)
    {
        try
        {
            AtomicFile.Write(path, stream =>
            {
                stream.Write(SHA256.HashData(code));
                stream.Write(code);
            });
        }
        catch (CheckpointException)
        {
            // Nothing is lost but the time of the next run.
        }
    }
}
