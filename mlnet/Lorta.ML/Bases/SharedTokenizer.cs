using System.Security.Cryptography;
using Lorta.Text;

namespace Lorta.ML.Bases;

/// <summary>A tokenizer and the contents of its files, shared by all models of the process whose files are the same.</summary>
internal sealed class SharedTokenizer
{
    private static readonly Dictionary<string, WeakReference<SharedTokenizer>> Loaded = [];

    private readonly IReadOnlyDictionary<string, byte[]> _files;

    private SharedTokenizer(TextTokenizer tokenizer, IReadOnlyDictionary<string, byte[]> files)
    {
        Tokenizer = tokenizer;
        _files = files;
    }

    /// <summary>The tokenizer.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The tokenizer of a base model's folder.</summary>
    /// <exception cref="TokenizerException">The folder has none, or a damaged one.</exception>
    public static SharedTokenizer OfBase(string folder) => Load(folder, [.. TextTokenizer.Load(folder).Files.Select(path => Path.GetFileName(path))]);

    /// <summary>The tokenizer that some files of a folder make.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="names">The names of the tokenizer's files.</param>
    /// <exception cref="TokenizerException">The files make no tokenizer.</exception>
    public static SharedTokenizer Load(string folder, IReadOnlyList<string> names)
    {
        Dictionary<string, byte[]> files = names.Order(StringComparer.Ordinal)
            .ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(folder, name)));
        string key = string.Join('\n', files.Select(file => $"{file.Key} {Convert.ToHexStringLower(SHA256.HashData(file.Value))}"));
        lock (Loaded)
        {
            if (Loaded.TryGetValue(key, out WeakReference<SharedTokenizer>? known) && known.TryGetTarget(out SharedTokenizer? shared))
            {
                return shared;
            }

            shared = new SharedTokenizer(TextTokenizer.Load(folder), files);
            Loaded[key] = new WeakReference<SharedTokenizer>(shared);
            return shared;
        }
    }

    /// <summary>Writes the files into a folder.</summary>
    /// <returns>Their names.</returns>
    public IReadOnlyList<string> WriteTo(string folder)
    {
        foreach ((string name, byte[] content) in _files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        return [.. _files.Keys];
    }
}
