using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Tests;

/// <summary>A safetensors file of reference results.</summary>
internal sealed class ReferenceFile(string path) : IDisposable
{
    private readonly SafetensorsFile _file = SafetensorsFile.Open(path);

    public IEnumerable<string> Names => _file.Entries.Keys;

    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    public Tensor this[string name] => _file.Read(name);

    public Tensor? Find(string name) => _file.Entries.ContainsKey(name) ? _file.Read(name) : null;

    /// <summary>The tensors whose names begin with a prefix, by the rest of their names.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Under(string prefix) =>
        Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order().Select(name => (name[prefix.Length..], this[name]));

    public void Dispose() => _file.Dispose();
}
