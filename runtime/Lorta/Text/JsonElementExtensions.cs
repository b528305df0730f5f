using System.Text.Json;

namespace Lorta.Text;

/// <summary>Look-ups in JSON whose parts may be missing or of another kind.</summary>
internal static class JsonElementExtensions
{
    /// <summary>A property of an object; null if this is no object or has no such property.</summary>
    public static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>The text of a property; null if it is missing or no text.</summary>
    public static string? FindText(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
