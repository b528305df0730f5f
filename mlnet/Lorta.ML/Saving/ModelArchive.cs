using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Saving;

/// <summary>
/// A model's place in ML.NET's zip: the manifest (length, UTF-8 JSON, SHA-256 of it) in the component's own stream, and a
/// stream for each file that the manifest names with its hash. So nothing damaged is ever read as something else.
/// </summary>
internal static class ModelArchive
{
    private const int MaxManifestLength = 1 << 24;

    /// <summary>Writes a manifest and its files from a folder.</summary>
    public static void Save(ModelSaveContext ctx, ModelManifest manifest, IReadOnlyList<string> paths)
    {
        byte[] json = (manifest with { Files = [.. paths.Select(Describe)] }).ToJson();
        ctx.Writer.Write(json.Length);
        ctx.Writer.Write(json);
        ctx.Writer.Write(SHA256.HashData(json));
        foreach (string path in paths)
        {
            ctx.SaveBinaryStream(Path.GetFileName(path), writer =>
            {
                using FileStream file = File.OpenRead(path);
                file.CopyTo(writer.BaseStream);
            });
        }
    }

    /// <summary>Reads the manifest, and its files into a folder.</summary>
    /// <exception cref="FormatException">Something is damaged, missing, or would lie outside the folder.</exception>
    public static ModelManifest Load(IExceptionContext context, ModelLoadContext ctx, string folder)
    {
        ModelManifest manifest = ReadManifest(context, ctx);
        foreach (ArchivedFile file in manifest.Files)
        {
            if (!IsPlainName(file.Name))
            {
                throw context.ExceptDecode(
                    $"The model names the file '{file.Name}', which is not a plain file name: it was not saved by Lorta.ML, so do not load it.");
            }

            if (!TryExtract(ctx, file.Name, Path.Combine(folder, file.Name)) || Describe(Path.Combine(folder, file.Name)) != file)
            {
                throw Damaged(context, file.Name);
            }
        }

        return manifest;
    }

    private static bool TryExtract(ModelLoadContext ctx, string name, string path)
    {
        try
        {
            return ctx.TryLoadBinaryStream(name, reader =>
            {
                using var file = new FileStream(path, FileMode.CreateNew);
                reader.BaseStream.CopyTo(file);
            });
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static ModelManifest ReadManifest(IExceptionContext context, ModelLoadContext ctx)
    {
        int length = ctx.Reader.ReadInt32();
        if (length is < 0 or > MaxManifestLength)
        {
            throw Damaged(context, "manifest");
        }

        byte[] json = ctx.Reader.ReadBytes(length);
        if (!SHA256.HashData(json).AsSpan().SequenceEqual(ctx.Reader.ReadBytes(SHA256.HashSizeInBytes)))
        {
            throw Damaged(context, "manifest");
        }

        try
        {
            return ModelManifest.FromJson(json);
        }
        catch (JsonException error)
        {
            throw context.ExceptDecode(
                error, "The model's manifest is not one that this version of Lorta.ML reads: load it with the version that saved it.");
        }
    }

    private static ArchivedFile Describe(string path)
    {
        using FileStream file = File.OpenRead(path);
        return new ArchivedFile(Path.GetFileName(path), file.Length, Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    private static bool IsPlainName(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && name.Any(char.IsAsciiLetterOrDigit)
        && !name.Contains("..", StringComparison.Ordinal);

    private static Exception Damaged(IExceptionContext context, string part) =>
        context.ExceptDecode("The model file is damaged in its part '{0}': get it again from where it was saved.", part);
}
