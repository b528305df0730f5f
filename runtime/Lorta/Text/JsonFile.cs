using System.Text.Json;

namespace Lorta.Text;

/// <summary>Reading of the JSON files that lie beside a vocabulary.</summary>
internal static class JsonFile
{
    /// <summary>The object that a file holds.</summary>
    /// <exception cref="TokenizerException">The file is not JSON, or holds something else than an object.</exception>
    public static JsonElement Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new TokenizerException($"{path} must hold a JSON object.");
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{path} is not valid JSON (line {e.LineNumber + 1}): get the file anew from where the checkpoint came from.", e);
        }
    }

    /// <summary>A property of an object; null if this is no object or has no such property.</summary>
    public static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>The text of a property; null if it is missing or no text.</summary>
    public static string? FindText(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>An object of tokens and ids.</summary>
    public static Dictionary<string, int> Vocabulary(JsonElement element, string path)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : default)
        {
            vocabulary[entry.Name] = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id >= 0
                ? id
                : throw new TokenizerException($"{path} gives the token '{entry.Name}' the id {entry.Value}: an id is a whole number from 0.");
        }

        return vocabulary.Count > 0 ? vocabulary : throw new TokenizerException($"{path} has no vocabulary: a tokenizer needs at least one token.");
    }
}
