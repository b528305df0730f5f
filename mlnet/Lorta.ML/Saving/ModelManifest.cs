using System.Text.Json;
using System.Text.Json.Serialization;
using Lorta.ML.Columns;

namespace Lorta.ML.Saving;

/// <summary>What a saved model says of itself, beside its files.</summary>
/// <param name="Task">The task it was trained for.</param>
/// <param name="Texts">The columns that it reads.</param>
/// <param name="Outputs">The columns that it adds.</param>
/// <param name="Classes">The number of classes; 1 for a regression.</param>
/// <param name="Device">The device that was asked for.</param>
/// <param name="Base">The model that it was fine-tuned from.</param>
/// <param name="TokenizerFiles">The names of those of its files that make the tokenizer.</param>
/// <param name="Files">The files that belong to it.</param>
internal sealed record ModelManifest(
    LortaTask Task,
    TextColumns Texts,
    OutputNames Outputs,
    int Classes,
    string Device,
    BaseReference Base,
    IReadOnlyList<string> TokenizerFiles,
    IReadOnlyList<ArchivedFile> Files)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>As UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Format);

    /// <exception cref="JsonException">The text is not a manifest.</exception>
    public static ModelManifest FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<ModelManifest>(json, Format) ?? throw new JsonException("The manifest is null.");
}

/// <summary>A file of a saved model.</summary>
/// <param name="Name">Its name, without a folder.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">Its SHA-256, in hexadecimal.</param>
internal sealed record ArchivedFile(string Name, long Length, string Sha256);

/// <summary>The model that another was fine-tuned from, so that it is found and known again.</summary>
/// <param name="Id">What the options called it: a folder or a hub id.</param>
/// <param name="Folder">The full path of its folder when the model was trained.</param>
/// <param name="IsHubId">Whether it came from the hub.</param>
/// <param name="Sha256">The SHA-256 of its configuration and of each file of its weights, by name.</param>
/// <param name="IsEmbedded">Whether those files are in the saved model.</param>
internal sealed record BaseReference(string Id, string Folder, bool IsHubId, IReadOnlyDictionary<string, string> Sha256, bool IsEmbedded);
