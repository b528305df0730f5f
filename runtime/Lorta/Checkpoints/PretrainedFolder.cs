using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>
/// A model folder in the Hugging Face layout: <c>config.json</c>, and the weights as <c>model.safetensors</c> or in shards
/// that <c>model.safetensors.index.json</c> lists. Pickles are refused: loading one can run code.
/// </summary>
public sealed class PretrainedFolder : IDisposable
{
    /// <summary>The configuration's file name.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The file name of weights in one file.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>The file name of the list of shards.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private readonly IReadOnlyList<SafetensorsFile> _files;
    private readonly IReadOnlyDictionary<string, SafetensorsFile> _fileOf;

    private PretrainedFolder(string folder, JsonFile config, IReadOnlyList<SafetensorsFile> files, IReadOnlyDictionary<string, SafetensorsFile> fileOf)
    {
        FolderPath = folder;
        Config = config;
        _files = files;
        _fileOf = fileOf;
    }

    /// <summary>The path that the folder was opened by.</summary>
    public string FolderPath { get; }

    /// <summary>The fields of <c>config.json</c>.</summary>
    public JsonFile Config { get; }

    /// <summary>The configuration's <c>model_type</c>, such as <c>bert</c>.</summary>
    /// <exception cref="CheckpointException">The configuration lacks it.</exception>
    public string ModelType => Config.GetString("model_type");

    /// <summary>The paths of the files that hold the weights.</summary>
    public IEnumerable<string> WeightFiles => _files.Select(file => file.FilePath);

    /// <summary>The names of all tensors.</summary>
    public IEnumerable<string> TensorNames => _fileOf.Keys;

    /// <summary>Opens a model folder and checks the headers of its weights.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or the weights are a pickle.</exception>
    public static PretrainedFolder Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
        {
            throw new CheckpointException($"{folder} is not a folder: give the path of a model folder with {ConfigName} and {WeightsName}.");
        }

        JsonFile config = JsonFile.Read(Path.Combine(folder, ConfigName));
        string weights = Path.Combine(folder, WeightsName);
        if (File.Exists(weights))
        {
            SafetensorsFile file = SafetensorsFile.Open(weights);
            return new PretrainedFolder(folder, config, [file], file.Entries.Keys.ToDictionary(name => name, _ => file));
        }

        string index = Path.Combine(folder, IndexName);
        return File.Exists(index) ? OpenShards(folder, config, JsonFile.Read(index)) : throw NoWeights(folder);
    }

    /// <summary>Writes a model folder: <c>config.json</c> and <c>model.safetensors</c>.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="config">The fields of the configuration.</param>
    /// <param name="tensors">The weights by their names.</param>
    /// <exception cref="CheckpointException">A file can't be written; the one that was there before stays whole.</exception>
    public static void Write(string folder, JsonObject config, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        SafetensorsFile.Write(Path.Combine(folder, WeightsName), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        JsonFile.Write(Path.Combine(folder, ConfigName), config);
    }

    /// <summary>Whether the weights have this tensor.</summary>
    /// <param name="name">The tensor's name in the checkpoint.</param>
    public bool Contains(string name) => _fileOf.ContainsKey(name);

    /// <summary>Reads a tensor into memory of its own; see <see cref="SafetensorsFile.Read"/>.</summary>
    /// <param name="name">The tensor's name in the checkpoint.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or its file cannot be read.</exception>
    public Tensor Read(string name) => FileOf(name).Read(name);

    /// <summary>A tensor over the mapped file; see <see cref="SafetensorsFile.Map"/>.</summary>
    /// <param name="name">The tensor's name in the checkpoint.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or its file cannot be mapped.</exception>
    public Tensor Map(string name) => FileOf(name).Map(name);

    /// <summary>
    /// Fills a module's parameters and persistent buffers. Floating-point tensors are converted to the module's type and
    /// device, others must have its type. All names, shapes and types are checked before the first tensor changes. Tensors
    /// of the checkpoint that the module lacks are passed over.
    /// </summary>
    /// <param name="module">The module to fill.</param>
    /// <param name="checkpointName">
    /// From a name in the module to the name in the checkpoint, or to null for a tensor that is not to be loaded; the same name where absent.
    /// </param>
    /// <param name="mayBeMissing">Which tensors of the module (by its own names) may be absent from the checkpoint, such as those of a new head; none where absent.</param>
    /// <param name="inPlace">
    /// Whether tensors that have the module's type already, and live on the CPU, become views of the mapped file instead of
    /// copies (see <see cref="Map"/>). The module keeps its parameter objects, and writing to them never writes the file.
    /// </param>
    /// <returns>The module's names that the checkpoint lacks, whose tensors are as they were.</returns>
    /// <exception cref="CheckpointException">A tensor is missing, or has another shape or a type that does not convert.</exception>
    public IReadOnlyList<string> LoadInto(
        nn.Module module,
        Func<string, string?>? checkpointName = null,
        Func<string, bool>? mayBeMissing = null,
        bool inPlace = false)
    {
        ArgumentNullException.ThrowIfNull(module);
        List<(Tensor Target, string Name)> matches = [];
        List<string> missing = [];
        foreach ((string name, Tensor target) in module.state_dict())
        {
            string? source = checkpointName is null ? name : checkpointName(name);
            if (source is not null && Contains(source))
            {
                CheckFits(source, target);
                matches.Add((target, source));
            }
            else
            {
                missing.Add(name);
                RequireOptional(name, source ?? name, mayBeMissing);
            }
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        foreach ((Tensor target, string name) in matches)
        {
            Tensor stored = Map(name);
            if (inPlace && stored.dtype == target.dtype && target.device_type == DeviceType.CPU)
            {
                target.set_(stored);
            }
            else
            {
                target.copy_(stored);
            }
        }

        return missing;
    }

    /// <summary>Closes the files. Tensors that were read or mapped stay valid.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    /// <summary>The pairs of tensor and shard in an index.</summary>
    /// <exception cref="CheckpointException">The index has no such map, or names a file that is no safetensors file beside it.</exception>
    internal static IEnumerable<(string Tensor, string Shard)> ReadIndex(JsonFile index)
    {
        if (!index.Root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{index.FilePath} lacks the object 'weight_map' of tensor names to files: fetch it again.");
        }

        return map.EnumerateObject().Select(tensor => (tensor.Name, ShardName(index, tensor)));
    }

    private static PretrainedFolder OpenShards(string folder, JsonFile config, JsonFile index)
    {
        Dictionary<string, SafetensorsFile> shards = [];
        try
        {
            Dictionary<string, SafetensorsFile> fileOf = [];
            foreach ((string tensor, string shard) in ReadIndex(index))
            {
                if (!shards.TryGetValue(shard, out SafetensorsFile? file))
                {
                    shards.Add(shard, file = SafetensorsFile.Open(Path.Combine(folder, shard)));
                }

                fileOf[tensor] = file.Entries.ContainsKey(tensor)
                    ? file
                    : throw new CheckpointException($"{index.FilePath} puts the tensor '{tensor}' in {shard}, which lacks it: fetch both again.");
            }

            return new PretrainedFolder(folder, config, [.. shards.Values], fileOf);
        }
        catch
        {
            foreach (SafetensorsFile file in shards.Values)
            {
                file.Dispose();
            }

            throw;
        }
    }

    private static string ShardName(JsonFile index, JsonProperty tensor)
    {
        string? shard = tensor.Value.ValueKind == JsonValueKind.String ? tensor.Value.GetString() : null;
        return shard is not null && shard.EndsWith(".safetensors", StringComparison.Ordinal) && Path.GetFileName(shard) == shard
            ? shard
            : throw new CheckpointException($"{index.FilePath} puts the tensor '{tensor.Name}' in {tensor.Value.GetRawText()}, which is not the name of a safetensors file beside it.");
    }

    private static CheckpointException NoWeights(string folder)
    {
        string? pickle = Directory.EnumerateFiles(folder)
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(name => name.StartsWith("pytorch_model", StringComparison.Ordinal));
        return new CheckpointException(pickle is null
            ? $"{folder} has no weights: it needs {WeightsName}, or {IndexName} and its shards."
            : $"{folder} has its weights in {pickle}, a pickle, which can run code when it is loaded: convert it to {WeightsName} first.");
    }

    private SafetensorsFile FileOf(string name) => _fileOf.TryGetValue(name, out SafetensorsFile? file)
        ? file
        : throw new CheckpointException($"{FolderPath} has no tensor '{name}'.");

    private void RequireOptional(string name, string source, Func<string, bool>? mayBeMissing)
    {
        if (mayBeMissing?.Invoke(name) != true)
        {
            string origin = source == name ? "" : $" (for the model's '{name}')";
            throw new CheckpointException($"{FolderPath} has no tensor '{source}'{origin}: is it a checkpoint of another kind of model?");
        }
    }

    private void CheckFits(string name, Tensor target)
    {
        SafetensorsFile file = FileOf(name);
        SafetensorsEntry entry = file.Entries[name];
        if (!entry.Shape.SequenceEqual(target.shape))
        {
            throw new CheckpointException(
                $"{file.FilePath}: the tensor '{name}' has the shape [{string.Join(", ", entry.Shape)}], and the model needs [{string.Join(", ", target.shape)}].");
        }

        if (entry.DType != target.dtype && !(is_floating_point(entry.DType) && is_floating_point(target.dtype)))
        {
            throw new CheckpointException($"{file.FilePath}: the tensor '{name}' is {entry.DType}, and the model needs {target.dtype}.");
        }
    }
}
