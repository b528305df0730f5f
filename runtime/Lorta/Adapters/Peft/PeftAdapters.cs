using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// Adapters that travel: folders as PEFT 0.21 writes and reads them, and as the code that LoRTA's authors published does.
/// </summary>
public static class PeftAdapters
{
    private static readonly string[] ClassifierModules = ["classifier", "score"];

    /// <summary>Loads an adapter and attaches it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="head">
    /// The parameters of the model's head by their names in checkpoints: those that the folder has are filled. None where it has none.
    /// </param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="CheckpointException">
    /// The folder is damaged, of an unknown type, asks for what is not supported, or was made for another base; the model is as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public static Adapter Load(
        IAdaptable model, string folder, IReadOnlyDictionary<string, Parameter>? head = null, string name = "default")
    {
        using AdapterFolder opened = AdapterFolder.Open(folder);
        return Load(model, PeftFolder.Of(opened), head ?? new Dictionary<string, Parameter>(), name);
    }

    /// <summary>Writes an adapter in a form that others read. A LoRTA adapter becomes the LoRA adapter that computes the same.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="head">The trained parameters of the model's head by their names in checkpoints.</param>
    /// <param name="baseModel">The base's hub id or folder, by which PEFT finds it; null to leave that to the reader.</param>
    /// <param name="type">The <c>peft_type</c>; null for the method's own, and LORA for LoRTA.</param>
    /// <exception cref="NotSupportedException">The method, or this adapter of it, has no such form.</exception>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public static void Save(
        Adapter adapter,
        string folder,
        IReadOnlyDictionary<string, Parameter>? head = null,
        string? baseModel = null,
        string? type = null)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        if (adapter.PeftTypes.Count == 0 || (type is not null && !adapter.PeftTypes.Contains(type)))
        {
            throw new NotSupportedException(
                $"An adapter of the method {adapter.Method.Name} can't be written as {type ?? "a PEFT folder"}: " +
                (adapter.PeftTypes.Count == 0 ? "PEFT has no such method." : $"choose one of {string.Join(", ", adapter.PeftTypes)}."));
        }

        type ??= adapter.PeftTypes[0];
        (JsonObject fields, IReadOnlyDictionary<string, Tensor> tensors) = adapter.ToPeft(type);
        string[] targets = PeftModules.Names(adapter);
        string[] heads = [.. (head ?? new Dictionary<string, Parameter>()).Keys.Select(name => PeftModules.HeadModule(adapter.Sites, name)).Distinct()];
        fields["base_model_name_or_path"] = baseModel;
        fields["target_modules"] = new JsonArray([.. targets.Select(target => (JsonNode?)target)]);
        if (heads.Length > 0)
        {
            fields["modules_to_save"] = new JsonArray([.. ClassifierModules.Union(heads).Select(module => (JsonNode?)module)]);
            fields["task_type"] = "SEQ_CLS";
        }

        PeftFolder.Write(folder, type, fields, tensors.Concat((head ?? new Dictionary<string, Parameter>()).Select(
            entry => KeyValuePair.Create(PeftFolder.ModelPrefix + entry.Key, (Tensor)entry.Value))));
    }

    internal static Adapter Load(IAdaptable model, PeftFolder stored, IReadOnlyDictionary<string, Parameter> head, string name)
    {
        AdapterMethod method = AdapterMethods.ReadPeft(stored, PeftModules.Targets(model.Sites, stored.Config));
        Adapter adapter;
        try
        {
            adapter = method.Attach(model, name);
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException($"{stored.Config.FilePath} does not fit the model: {error.Message}", error);
        }

        try
        {
            using TorchSharp.DisposeScope scope = NewDisposeScope();
            var targets = new Dictionary<string, Tensor>(adapter.PeftTargets(stored));
            foreach ((string parameter, Parameter value) in head.Where(entry => stored.Shapes.Keys.Any(
                tensor => PeftModules.HeadModule(model.Sites, tensor) == PeftModules.HeadModule(model.Sites, entry.Key))))
            {
                targets[PeftFolder.ModelPrefix + parameter] = value;
            }

            stored.Fill(targets);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }
}
