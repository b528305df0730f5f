using System.Text.Json;
using System.Text.Json.Serialization;
using Glue.Corpus;
using Glue.Data;
using Glue.Tasks;
using Lorta.Checkpoints;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>What <c>train</c> keeps of a run beside the adapter's own files.</summary>
/// <param name="Task">The task it was trained for.</param>
/// <param name="Columns">The columns, where it was trained on a table of the user's own.</param>
/// <param name="Model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Parameters">How many numbers were trained, the head's included.</param>
/// <param name="Epoch">The epoch that it is of.</param>
/// <param name="ModelHash">The base model's hash (<see cref="BaseModel.Hash"/>); null in folders of earlier versions.</param>
internal sealed record TrainedTask(
    TextTask Task, OwnTable? Columns, string Model, int Seed, long Parameters, int Epoch, string? ModelHash = null)
{
    /// <summary>Whether it is the task that the sample carries with it, and its rows too.</summary>
    public bool IsEmbedded => Task.Name == AgreementCorpus.Task.Name && Columns is null;
}

/// <summary>
/// The folder that <c>train</c> writes: the adapter's own files, and <c>glue.json</c>, which is written last: where it is, the
/// others are whole.
/// </summary>
internal static class TrainedFolder
{
    public const string TaskName = "glue.json";

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
    public static void Save(string folder, LabelledData data, string model, int seed, FineTunedModel trained) => Save(
        folder,
        trained.Classifier,
        new(
            data.Task,
            data.Columns,
            BaseModel.Absolute(model),
            seed,
            trained.AdapterParameters + trained.HeadParameters,
            trained.Best.Epoch,
            BaseModel.Hash(model)));

    /// <exception cref="CheckpointException">A file can't be written; none is left half-written.</exception>
    public static void Save(string folder, TextClassifier classifier, TrainedTask task)
    {
        classifier.Save(folder);
        AtomicFile.WriteText(Path.Combine(folder, TaskName), JsonSerializer.Serialize(task, Json) + "\n");
    }

    /// <exception cref="InputException">The folder is none that <c>train</c> finished.</exception>
    public static TrainedTask ReadTask(string folder)
    {
        string path = Path.Combine(folder, TaskName);
        if (!File.Exists(path))
        {
            throw new InputException($"{folder} has no {TaskName}: give a folder that train has written to the end.");
        }

        try
        {
            return JsonFile.Read(path).Root.Deserialize<TrainedTask>(Json)!;
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} is damaged at {e.Path}: train anew.", e);
        }
    }

    /// <summary>Loads the base model and puts onto it what was trained.</summary>
    /// <exception cref="CheckpointException">A folder can't be read, or they don't fit together.</exception>
    /// <exception cref="InputException">The base model is another than it was trained on.</exception>
    public static TextClassifier Load(string folder, TrainedTask task)
    {
        TextClassifier classifier = TextClassifier.Load(folder, BaseModel.Folder(task.Model));
        if (task.ModelHash is not null && task.ModelHash != BaseModel.Hash(task.Model))
        {
            classifier.Dispose();
            throw new InputException(
                $"{folder} was trained on other weights than {task.Model} has: name the model that it was trained on with --model, or train anew.");
        }

        return classifier;
    }
}
