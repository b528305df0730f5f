using System.Text.Json;
using System.Text.Json.Serialization;
using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>
/// The state of a run in one safetensors file, so that position and tensors are replaced together: the tensors of
/// <see cref="TrainedParameters.State"/>, and as metadata the position and the settings, each as JSON.
/// </summary>
internal static class RunStateFile
{
    private const string Format = "lorta-run-1";

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static void Save(
        string path, RunPosition position, IReadOnlyDictionary<string, string> settings, TrainedParameters parameters)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        SafetensorsFile.Write(path, parameters.State(), new Dictionary<string, string>
        {
            ["format"] = Format,
            ["position"] = JsonSerializer.Serialize(position, Json),
            ["settings"] = JsonSerializer.Serialize(settings, Json),
        });
    }

    /// <summary>Reads a state into <paramref name="parameters"/>.</summary>
    /// <exception cref="TrainingException">The file is no run's state, or one of a run with other settings.</exception>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static RunPosition Load(string path, IReadOnlyDictionary<string, string> settings, TrainedParameters parameters)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
        {
            throw new TrainingException($"{path} is not the state of a training run: name another state file.");
        }

        RequireSame(path, settings, Read<Dictionary<string, string>>(path, file, "settings"));
        RunPosition position = Read<RunPosition>(path, file, "position");
        bool hasBest = file.Entries.Keys.Any(name => name.StartsWith("best.", StringComparison.Ordinal));
        parameters.Restore(file.Read, hasBest);
        return position;
    }

    private static void RequireSame(
        string path, IReadOnlyDictionary<string, string> settings, IReadOnlyDictionary<string, string> stored)
    {
        foreach (string name in settings.Keys.Union(stored.Keys))
        {
            string now = settings.GetValueOrDefault(name, "not set");
            string then = stored.GetValueOrDefault(name, "not set");
            if (now != then)
            {
                throw new TrainingException(
                    $"{path} holds a run whose {name} is {then}, and here it is {now}: use the same, or another state file.");
            }
        }
    }

    private static T Read<T>(string path, SafetensorsFile file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata.GetValueOrDefault(key, "null"), Json)
                ?? throw new JsonException("there is none");
        }
        catch (JsonException e)
        {
            throw new TrainingException($"The {key} in {path} cannot be read ({e.Message}): delete the file to train anew.");
        }
    }
}
