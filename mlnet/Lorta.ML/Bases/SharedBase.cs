using Lorta.Adapters;
using Lorta.ML.Saving;
using Lorta.ML.Scoring;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.ML.Bases;

/// <summary>
/// A base model in memory, shared by all models of the process that were fine-tuned from it and run on the same device. It is
/// freed when the last of them has released it.
/// </summary>
internal sealed class SharedBase
{
    private static readonly Dictionary<string, SharedBase> Loaded = [];

    private readonly string _key;
    private readonly string[] _files;
    private readonly Lazy<SequenceClassifier> _model;
    private readonly List<string> _folders = [];
    private TemporaryFolder? _temporary;
    private int _users;

    private SharedBase(string key, IEnumerable<string> files, Device device, SequenceClassifier? loaded)
    {
        _key = key;
        _files = [.. files];
        Device = device;
        _model = loaded is null ? new(() => Freeze(Load())) : new(Freeze(loaded));
    }

    /// <summary>A folder with its files: of those that its users named, the first that still has them.</summary>
    public string Folder
    {
        get
        {
            lock (Loaded)
            {
                return _folders.Find(folder => Array.TrueForAll(_files, file => File.Exists(Path.Combine(folder, file)))) ?? _folders[0];
            }
        }
    }

    /// <summary>Scores rows of several models over the shared encoder together.</summary>
    public CommonForwards Forwards { get; } = new();

    /// <summary>Where it runs.</summary>
    public Device Device { get; }

    /// <summary>Joins those who use a base. It is loaded when the first model asks for it.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="sha256">The SHA-256 of its files, by which it is known.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="temporary">The folder where it is a temporary one, deleted when it is no longer needed.</param>
    /// <param name="loaded">The base where the caller has it in memory already: it is taken over, or disposed if there is one.</param>
    public static SharedBase Acquire(
        string folder,
        IReadOnlyDictionary<string, string> sha256,
        Device device,
        TemporaryFolder? temporary = null,
        SequenceClassifier? loaded = null)
    {
        IEnumerable<string> files = sha256.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key} {file.Value}");
        string key = string.Join('\n', files.Append(device.ToString()));
        lock (Loaded)
        {
            if (Loaded.TryGetValue(key, out SharedBase? shared))
            {
                loaded?.Dispose();
            }
            else
            {
                Loaded.Add(key, shared = new SharedBase(key, sha256.Keys, device, loaded));
            }

            shared.Keep(folder, temporary);
            shared._users++;
            return shared;
        }
    }

    /// <summary>
    /// A model with a head of its own, in evaluation mode, for an adapter of a method: over the shared encoder, or over a copy
    /// where the method trains the base itself.
    /// </summary>
    /// <param name="method">The adapter's method.</param>
    /// <param name="outputs">The number of the model's logits.</param>
    /// <exception cref="Checkpoints.CheckpointException">The folder is no checkpoint of a supported model.</exception>
    public SequenceClassifier ModelFor(AdapterMethod method, int outputs) =>
        method.TrainsBase ? Load(outputs) : _model.Value.WithNewHead(outputs).to(Device);

    /// <summary>Gives the base up; its weights are freed with the last user.</summary>
    public void Release()
    {
        lock (Loaded)
        {
            if (--_users > 0)
            {
                return;
            }

            Loaded.Remove(_key);
        }

        if (_model.IsValueCreated)
        {
            _model.Value.Dispose();
        }

        _temporary?.Dispose();
    }

    /// <summary>Remembers where a user has the files; of temporary folders one is enough.</summary>
    private void Keep(string folder, TemporaryFolder? temporary)
    {
        if (temporary is not null && _temporary is not null)
        {
            temporary.Dispose();
            return;
        }

        _temporary ??= temporary;
        if (!_folders.Contains(folder))
        {
            _folders.Add(folder);
        }
    }

    private SequenceClassifier Load(int? outputs = null) => SequenceClassifier.Load(Folder, outputs, newHead: outputs is not null).to(Device);

    private static SequenceClassifier Freeze(SequenceClassifier model)
    {
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        return model;
    }
}
