using System.Text.Json;
using System.Text.Json.Serialization;
using Glue.Data;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>What <c>train</c> keeps of a model beside its tensors.</summary>
/// <param name="Task">The task it was trained for.</param>
/// <param name="Columns">The columns, where it was trained on a table of the user's own.</param>
/// <param name="Model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
/// <param name="Method">The method's name; its options are in the adapter's own files.</param>
/// <param name="MaxLength">Tokens of a row.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Parameters">How many numbers were trained.</param>
/// <param name="Epoch">The epoch that it is of.</param>
internal sealed record TrainedModel(
    TextTask Task, OwnTable? Columns, string Model, string Method, int MaxLength, int Seed, long Parameters, int Epoch);

/// <summary>
/// The folder that <c>train</c> writes: the adapter's own files, the head in <c>head.safetensors</c>, and <c>glue.json</c>, which
/// is written last: where it is, the others are whole.
/// </summary>
internal static class TrainedFolder
{
    public const string DescriptionName = "glue.json";
    public const string HeadName = "head.safetensors";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <exception cref="CheckpointException">A file can't be written; none is left half-written.</exception>
    public static void Save(string folder, TrainedModel description, TextClassifier classifier)
    {
        classifier.Adapter!.Save(folder);
        SafetensorsFile.Write(
            Path.Combine(folder, HeadName),
            classifier.Model.HeadParameters().Select(entry => KeyValuePair.Create<string, Tensor>(entry.Name, entry.Parameter)));
        AtomicFile.WriteText(Path.Combine(folder, DescriptionName), JsonSerializer.Serialize(description, Json) + "\n");
    }

    /// <exception cref="InputException">The folder is none that <c>train</c> finished.</exception>
    public static TrainedModel Describe(string folder)
    {
        string path = Path.Combine(folder, DescriptionName);
        if (!File.Exists(path))
        {
            throw new InputException($"{folder} has no {DescriptionName}: give a folder that train has written to the end.");
        }

        try
        {
            return JsonFile.Read(path).Root.Deserialize<TrainedModel>(Json)!;
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} is damaged ({e.Path}): train anew.", e);
        }
    }

    /// <summary>Loads the base model and puts into it what was trained.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="description">What <see cref="Describe"/> gave.</param>
    /// <exception cref="CheckpointException">The base model or a file of the folder can't be read, or they don't fit together.</exception>
    public static TextClassifier Load(string folder, TrainedModel description)
    {
        TextClassifier classifier = BaseModel.Load(description.Model, description.Task.Outputs, description.MaxLength);
        try
        {
            classifier.Adapter = Adapter.Load(classifier.Model, folder);
            FillHead(classifier, Path.Combine(folder, HeadName));
            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    /// <summary>The size of the adapter's own numbers on disk.</summary>
    public static long AdapterBytes(string folder) => new FileInfo(Path.Combine(folder, AdapterFolder.WeightsName)).Length;

    private static void FillHead(TextClassifier classifier, string path)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach ((string name, Parameter parameter) in classifier.Model.HeadParameters())
        {
            if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry) || !entry.Shape.SequenceEqual(parameter.shape))
            {
                string found = entry is null ? "is missing" : $"has the shape [{string.Join(", ", entry.Shape)}]";
                throw new CheckpointException(
                    $"{path}: the tensor '{name}' {found}, and the base model needs [{string.Join(", ", parameter.shape)}]: was it trained on another model?");
            }

            parameter.copy_(file.Read(name));
        }
    }
}
