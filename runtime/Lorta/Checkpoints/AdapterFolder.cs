using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>
/// An adapter on disk: <c>adapter_config.json</c>, which says what it is and for what base, and <c>adapter_model.safetensors</c>,
/// its numbers. The file names are PEFT's.
/// </summary>
public sealed class AdapterFolder : IDisposable
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigName = "adapter_config.json";

    /// <summary>The weights' file name.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    private AdapterFolder(JsonFile config, SafetensorsFile weights) => (Config, Weights) = (config, weights);

    /// <summary>What the adapter is.</summary>
    public JsonFile Config { get; }

    /// <summary>Its numbers.</summary>
    public SafetensorsFile Weights { get; }

    /// <summary>Opens an adapter folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static AdapterFolder Open(string folder)
    {
        string weights = Path.Combine(folder, WeightsName);
        JsonFile config = JsonFile.Read(Path.Combine(folder, ConfigName));
        return new AdapterFolder(config, SafetensorsFile.Open(weights));
    }

    /// <summary>Writes an adapter folder, the weights first, each file as a whole.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="config">What the adapter is.</param>
    /// <param name="tensors">Its numbers by name.</param>
    /// <exception cref="CheckpointException">A file can't be written; the one that was there before stays whole.</exception>
    public static void Write(string folder, JsonObject config, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        SafetensorsFile.Write(Path.Combine(folder, WeightsName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        JsonFile.Write(Path.Combine(folder, ConfigName), config);
    }

    /// <summary>Fills tensors from those of the folder whose names begin with a prefix: all of them, and no others.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="targets">The tensors to fill, by the rest of their names.</param>
    /// <exception cref="CheckpointException">A tensor is missing, left over, of another shape, or holds a NaN; nothing has been changed then.</exception>
    public void Fill(string prefix, IReadOnlyDictionary<string, Tensor> targets)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        string[] stored = [.. Weights.Entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..])];
        if (stored.FirstOrDefault(name => !targets.ContainsKey(name)) is { } leftOver)
        {
            throw new CheckpointException($"{Weights.FilePath} has a tensor '{prefix}{leftOver}' that the model has no place for: was it made for another base?");
        }

        var loaded = new List<(Tensor Target, Tensor Value)>();
        foreach ((string name, Tensor target) in targets)
        {
            if (!Weights.Entries.TryGetValue(prefix + name, out SafetensorsEntry? entry))
            {
                throw new CheckpointException($"{Weights.FilePath} lacks the tensor '{prefix}{name}': save the adapter again.");
            }

            if (!entry.Shape.SequenceEqual(target.shape))
            {
                throw new CheckpointException(
                    $"{Weights.FilePath}: the tensor '{prefix}{name}' has the shape [{string.Join(", ", entry.Shape)}], and the model needs [{string.Join(", ", target.shape)}].");
            }

            Tensor value = Weights.Read(prefix + name);
            if (!value.isfinite().all().ToBoolean())
            {
                throw new CheckpointException($"{Weights.FilePath}: the tensor '{prefix}{name}' holds a value that is not finite: train the adapter again.");
            }

            loaded.Add((target, value));
        }

        foreach ((Tensor target, Tensor value) in loaded)
        {
            target.copy_(value);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
