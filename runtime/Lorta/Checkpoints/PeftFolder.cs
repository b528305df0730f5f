using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>An adapter folder as PEFT, or the authors' fork of it, writes it, checked for what is supported.</summary>
public sealed class PeftFolder
{
    /// <summary>What stands before a tensor's name where it belongs to a module of the base model.</summary>
    public const string ModelPrefix = RootPrefix + "model.";

    /// <summary>What stands before every tensor's name.</summary>
    public const string RootPrefix = "base_model.";

    private readonly AdapterFolder _folder;

    private PeftFolder(AdapterFolder folder, string type) => (_folder, Type) = (folder, type);

    /// <summary>The <c>peft_type</c>.</summary>
    public string Type { get; }

    /// <summary>The configuration.</summary>
    public JsonFile Config => _folder.Config;

    /// <summary>The shapes of the tensors by their names without <see cref="ModelPrefix"/>, for those that have it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes => _folder.Weights.Entries
        .Where(entry => entry.Key.StartsWith(ModelPrefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[ModelPrefix.Length..], entry => entry.Value.Shape);

    /// <summary>Whether the configuration is of this kind.</summary>
    /// <param name="folder">An adapter folder.</param>
    public static bool IsPeft(AdapterFolder folder) => folder.Config.Has(PeftConfig.TypeField);

    /// <summary>Takes a folder of this kind.</summary>
    /// <param name="folder">An open adapter folder, which stays the caller's.</param>
    /// <exception cref="CheckpointException">The adapter is of an unknown type, or asks for what is not supported.</exception>
    public static PeftFolder Of(AdapterFolder folder) => new(folder, PeftConfig.Check(folder.Config));

    /// <summary>Whether a module of the base model is adapted.</summary>
    /// <param name="target">An entry of <c>target_modules</c>.</param>
    /// <param name="path">The module's path in the model.</param>
    /// <returns>True where the path is the entry, or ends with it after a dot.</returns>
    public static bool Matches(string target, string path) => path == target || path.EndsWith("." + target, StringComparison.Ordinal);

    /// <summary>Fills tensors by their full names: all that the folder has, and no others.</summary>
    /// <param name="targets">The tensors to fill.</param>
    /// <exception cref="CheckpointException">A tensor is missing, left over, of another shape, or not finite; nothing has been changed then.</exception>
    public void Fill(IReadOnlyDictionary<string, Tensor> targets) => _folder.Fill("", targets);

    /// <summary>Writes a folder, each file as a whole.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="type">The <c>peft_type</c>.</param>
    /// <param name="fields">The fields that differ from their neutral values.</param>
    /// <param name="tensors">The tensors by their full names.</param>
    /// <exception cref="CheckpointException">A file can't be written; the one that was there before stays whole.</exception>
    public static void Write(string folder, string type, JsonObject fields, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        AdapterFolder.Write(folder, PeftConfig.Write(type, fields), tensors);
}
