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

    /// <summary>A tokenizer that is loaded, or the one that others share already.</summary>
    public static SharedTokenizer Of(TextTokenizer tokenizer) => Share(tokenizer.Files, () => tokenizer);

    /// <summary>The tokenizer that some files of a folder make.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="names">The names of the tokenizer's files.</param>
    /// <exception cref="TokenizerException">The files make no tokenizer.</exception>
    public static SharedTokenizer Load(string folder, IReadOnlyList<string> names) =>
        Share(names.Select(name => Path.Combine(folder, name)), () => TextTokenizer.Load(folder));

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

    private static SharedTokenizer Share(IEnumerable<string> paths, Func<TextTokenizer> load)
    {
        Dictionary<string, byte[]> files = paths.Order(StringComparer.Ordinal).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        string key = string.Join('\n', files.Select(file => $"{file.Key} {Convert.ToHexStringLower(SHA256.HashData(file.Value))}"));
        lock (Loaded)
        {
            if (Loaded.TryGetValue(key, out WeakReference<SharedTokenizer>? known) && known.TryGetTarget(out SharedTokenizer? shared))
            {
                return shared;
            }

            shared = new SharedTokenizer(load(), files);
            Loaded[key] = new WeakReference<SharedTokenizer>(shared);
            return shared;
        }
    }
}
