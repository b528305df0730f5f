using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lorta.Checkpoints;

/// <summary>
/// A checkpoint's JSON object, such as <c>config.json</c>: fields by name and type, with errors that name the file and the
/// field. A field that is <c>null</c> counts as absent.
/// </summary>
public sealed class JsonFile
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private JsonFile(string path, JsonElement root)
    {
        FilePath = path;
        Root = root;
    }

    /// <summary>The path that the file was read from.</summary>
    public string FilePath { get; }

    /// <summary>The whole object, for what the typed members do not cover.</summary>
    public JsonElement Root { get; }

    /// <summary>Reads a file whose content is one JSON object.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, unreadable, not JSON, or not an object.</exception>
    public static JsonFile Read(string path)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            int start = bytes.AsSpan().StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
            CheckText(bytes.AsSpan(start), path);
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(start));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonFile(path, document.RootElement.Clone())
                : throw new CheckpointException($"{path} must hold one JSON object, and holds {document.RootElement.ValueKind}.");
        }
        catch (JsonException error)
        {
            throw new CheckpointException(
                $"{path} is not valid JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}; correct it or fetch it again.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {error.Message.TrimEnd('.')}.", error);
        }
    }

    /// <summary>An object that is in memory, to be read as a file is.</summary>
    /// <param name="name">What errors call it.</param>
    /// <param name="content">The object.</param>
    internal static JsonFile Of(string name, JsonObject content) => new(name, JsonSerializer.SerializeToElement(content));

    /// <summary>Writes an object, indented, in one atomic step.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">The object.</param>
    /// <exception cref="CheckpointException">The file can't be written; the one that was there before stays whole.</exception>
    public static void Write(string path, JsonObject content) => AtomicFile.Write(path, stream =>
    {
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            content.WriteTo(writer);
        }

        stream.WriteByte((byte)'\n');
    });

    /// <summary>Whether the field is there and not <c>null</c>.</summary>
    /// <param name="name">The field.</param>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fallback">The value where the field is absent; without it the field is required.</param>
    /// <param name="min">The smallest value allowed.</param>
    /// <exception cref="CheckpointException">The field is required and absent, of another type, or too small.</exception>
    public int GetInt32(string name, int? fallback = null, int min = int.MinValue)
    {
        int value = Get(name, fallback, "a whole number", (JsonElement field, out int number) => field.TryGetInt32(out number), JsonValueKind.Number);
        return value >= min
            ? value
            : throw new CheckpointException($"{FilePath}: the field '{name}' is {value}, and must be at least {min}.");
    }

    /// <summary>A whole number of up to 64 bits.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fallback">The value where the field is absent; without it the field is required.</param>
    /// <exception cref="CheckpointException">The field is required and absent, or of another type.</exception>
    public long GetInt64(string name, long? fallback = null) =>
        Get(name, fallback, "a whole number", (JsonElement field, out long number) => field.TryGetInt64(out number), JsonValueKind.Number);

    /// <summary>A number.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fallback">The value where the field is absent; without it the field is required.</param>
    /// <exception cref="CheckpointException">The field is required and absent, or of another type.</exception>
    public double GetDouble(string name, double? fallback = null) =>
        Get(name, fallback, "a number", (JsonElement field, out double number) => field.TryGetDouble(out number), JsonValueKind.Number);

    /// <summary>A truth value.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fallback">The value where the field is absent; without it the field is required.</param>
    /// <exception cref="CheckpointException">The field is required and absent, or of another type.</exception>
    public bool GetBoolean(string name, bool? fallback = null) =>
        Get(name, fallback, "true or false", (JsonElement field, out bool value) => { value = field.GetBoolean(); return true; }, JsonValueKind.True, JsonValueKind.False);

    /// <summary>A string.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fallback">The value where the field is absent; without it the field is required.</param>
    /// <exception cref="CheckpointException">The field is required and absent, or of another type.</exception>
    public string GetString(string name, string? fallback = null)
    {
        JsonElement? field = Find(name);
        return field switch
        {
            null => fallback ?? throw Missing(name),
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { } other => throw WrongType(name, "a string", other),
        };
    }

    /// <summary>An object within this one; its errors name both.</summary>
    /// <param name="name">The field.</param>
    /// <exception cref="CheckpointException">The field is absent or no object.</exception>
    public JsonFile GetObject(string name)
    {
        JsonElement field = Find(name) ?? throw Missing(name);
        return field.ValueKind == JsonValueKind.Object ? new JsonFile($"{FilePath} ({name})", field) : throw WrongType(name, "an object", field);
    }

    /// <summary>A list of strings.</summary>
    /// <param name="name">The field.</param>
    /// <exception cref="CheckpointException">The field is absent, or no list of strings.</exception>
    public IReadOnlyList<string> GetStrings(string name)
    {
        JsonElement field = Find(name) ?? throw Missing(name);
        return field.ValueKind == JsonValueKind.Array && field.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. field.EnumerateArray().Select(item => item.GetString()!)]
            : throw WrongType(name, "a list of strings", field);
    }

    /// <summary>A member of an enumeration, or several of a set of flags, by names.</summary>
    /// <typeparam name="T">The enumeration.</typeparam>
    /// <param name="name">The field.</param>
    /// <exception cref="CheckpointException">The field is absent, or names no member.</exception>
    public T GetEnum<T>(string name)
        where T : struct, Enum
    {
        string text = GetString(name);
        return !text.Any(char.IsDigit) && Enum.TryParse(text, ignoreCase: true, out T value)
            ? value
            : throw new CheckpointException($"{FilePath}: the field '{name}' is '{text}', and must be of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
    }

    private delegate bool Parser<T>(JsonElement field, out T value);

    /// <summary>Decodes every string once: a document checks them only when they are asked for.</summary>
    private static void CheckText(ReadOnlySpan<byte> json, string path)
    {
        Utf8JsonReader reader = new(json);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    reader.GetString();
                }
            }
        }
        catch (InvalidOperationException error)
        {
            throw new CheckpointException($"{path} has text that is not valid Unicode near byte {reader.TokenStartIndex}; correct it or fetch it again.", error);
        }
    }

    private T Get<T>(string name, T? fallback, string expected, Parser<T> parse, params ReadOnlySpan<JsonValueKind> kinds)
        where T : struct
    {
        if (Find(name) is not { } field)
        {
            return fallback ?? throw Missing(name);
        }

        return kinds.Contains(field.ValueKind) && parse(field, out T value) ? value : throw WrongType(name, expected, field);
    }

    private JsonElement? Find(string name) =>
        Root.TryGetProperty(name, out JsonElement field) && field.ValueKind != JsonValueKind.Null ? field : null;

    private CheckpointException Missing(string name) => new($"{FilePath} lacks the field '{name}': add it.");

    private CheckpointException WrongType(string name, string expected, JsonElement found)
    {
        string text = found.GetRawText();
        return new($"{FilePath}: the field '{name}' must be {expected}, and is {(text.Length > 40 ? $"{text[..40]}..." : text)}.");
    }
}
