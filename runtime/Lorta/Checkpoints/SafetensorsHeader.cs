using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>
/// The JSON header of a safetensors file (safetensors format specification, section Format): eight bytes of length, then
/// an object of tensor name to dtype, shape and data_offsets, and of <c>__metadata__</c> to strings.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Bytes of the length that stands in front of the header.</summary>
    public const int LengthSize = sizeof(ulong);

    /// <summary>The reference reader's limit on a header, in bytes.</summary>
    public const int MaxLength = 100_000_000;

    /// <summary>The one name that no tensor may have.</summary>
    public const string MetadataName = "__metadata__";

    private const int Alignment = 8;

    // libtorch's operators keep dimensions in a 64-bit set.
    private const int MaxDimensions = 64;

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataLength;
    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, SafetensorsEntry> _entries = [];

    private SafetensorsHeader(string path, long dataStart, long dataLength)
    {
        _path = path;
        _dataStart = dataStart;
        _dataLength = dataLength;
    }

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    /// <summary>Reads and checks the whole header.</summary>
    /// <param name="json">The header without its length.</param>
    /// <param name="path">The file's name, for errors.</param>
    /// <param name="fileLength">The file's length in bytes.</param>
    /// <exception cref="CheckpointException">The header breaks the specification, or does not fit the file.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, string path, long fileLength)
    {
        long dataStart = LengthSize + json.Length;
        SafetensorsHeader header = new(path, dataStart, fileLength - dataStart);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Invalid("its header does not begin with '{'");
        }

        if (!Utf8.IsValid(json))
        {
            throw header.Invalid("its header is not valid UTF-8");
        }

        Utf8JsonReader reader = new(json);
        try
        {
            header.ReadObject(ref reader);
        }
        // Escaped halves of a surrogate pair are an InvalidOperationException.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw header.Invalid($"its header is not valid JSON near byte {LengthSize + reader.BytesConsumed}");
        }

        header.CheckCoverage();
        return header;
    }

    /// <summary>The length, the header and its padding, as the reference writer lays them out.</summary>
    /// <param name="metadata">Written first, in the order given.</param>
    /// <param name="tensors">Name, element type and shape, in the order of their data.</param>
    public static byte[] Serialize(
        IEnumerable<KeyValuePair<string, string>> metadata,
        IEnumerable<(string Name, ScalarType Type, long[] Shape)> tensors)
    {
        ArrayBufferWriter<byte> buffer = new();
        buffer.Write(stackalloc byte[LengthSize]);
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            foreach ((string name, ScalarType type, long[] shape) in tensors)
            {
                SafetensorsDType dtype = SafetensorsDType.Of(type);
                long end = offset + shape.Aggregate((long)dtype.Size, (product, size) => product * size);
                json.WriteStartObject(name);
                json.WriteString("dtype", dtype.Name);
                WriteArray(json, "shape", shape);
                WriteArray(json, "data_offsets", [offset, end]);
                json.WriteEndObject();
                offset = end;
            }

            json.WriteEndObject();
        }

        int padding = (Alignment - (buffer.WrittenCount % Alignment)) % Alignment;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        BitConverter.TryWriteBytes(bytes, (ulong)(bytes.Length - LengthSize));
        return bytes;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        if (!metadata.Any())
        {
            return;
        }

        json.WriteStartObject(MetadataName);
        foreach ((string key, string value) in metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, long[] values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    private void ReadObject(ref Utf8JsonReader reader)
    {
        reader.Read();
        bool metadataSeen = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == MetadataName)
            {
                if (metadataSeen)
                {
                    throw Invalid($"its header has {MetadataName} twice");
                }

                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else if (!_entries.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw Invalid($"its header has the tensor '{name}' twice");
            }
        }

        // Anything but white space after the object is a JsonException.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid($"{MetadataName} is not an object of strings");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Invalid($"the value of '{key}' in {MetadataName} is not a string");
            }

            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Invalid($"{MetadataName} has '{key}' twice");
            }
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid($"the header's entry of '{name}' is not an object");
        }

        SafetensorsDType? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype" when dtype is null:
                    dtype = ReadDType(ref reader, name);
                    break;
                case "shape" when shape is null:
                    shape = ReadIntegers(ref reader, name, field, MaxDimensions);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadIntegers(ref reader, name, field, limit: 2);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Invalid($"the header's entry of '{name}' has {field} twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (dtype is null || shape is null || offsets is null)
        {
            string missing = dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw Invalid($"the header's entry of '{name}' has no {missing}");
        }

        return ToEntry(name, dtype.Value, shape, offsets);
    }

    private SafetensorsDType ReadDType(ref Utf8JsonReader reader, string name)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && SafetensorsDType.TryParse(text, out SafetensorsDType dtype)
            ? dtype
            : throw new CheckpointException(
                $"{_path}: the tensor '{name}' has the dtype {text ?? "(not a string)"}, which is not one of {SafetensorsDType.Names}; convert it to one of these.");
    }

    private List<long> ReadIntegers(ref Utf8JsonReader reader, string name, string field, int limit)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Invalid($"{field} of '{name}' is not an array");
        }

        List<long> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
            {
                throw Invalid($"{field} of '{name}' holds something that is not a whole number from 0 to 2^63 - 1");
            }

            if (values.Count == limit)
            {
                throw Invalid($"{field} of '{name}' holds more than {limit} numbers");
            }

            values.Add(value);
        }

        return values;
    }

    private SafetensorsEntry ToEntry(string name, SafetensorsDType dtype, List<long> shape, List<long> offsets)
    {
        if (offsets is not [long begin, long end] || begin > end)
        {
            throw Invalid($"data_offsets of '{name}' is not a begin and an end in this order");
        }

        if (end > _dataLength)
        {
            throw Invalid($"the tensor '{name}' ends at byte {end} of the data, which has {_dataLength}");
        }

        // Sizes of zero count as one here, because libtorch's strides multiply the others all the same.
        Int128 strides = shape.Aggregate((Int128)dtype.Size, (product, size) => product > long.MaxValue ? product : product * Math.Max(size, 1));
        if (strides > long.MaxValue)
        {
            throw Invalid($"the shape of '{name}' is larger than 2^63 - 1 bytes");
        }

        long length = shape.Contains(0) ? 0 : (long)strides;
        return length == end - begin
            ? new SafetensorsEntry(dtype.Type, shape, _dataStart + begin, length)
            : throw Invalid($"the tensor '{name}' needs {length} bytes for {dtype.Name} [{string.Join(", ", shape)}], and its data_offsets span {end - begin}");
    }

    /// <summary>The specification wants every byte of the data in exactly one tensor.</summary>
    private void CheckCoverage()
    {
        long reached = _dataStart;
        foreach ((string name, SafetensorsEntry entry) in _entries.OrderBy(pair => pair.Value.Offset).ThenBy(pair => pair.Value.Length))
        {
            if (entry.Offset != reached)
            {
                throw Invalid(entry.Offset < reached
                    ? $"the tensor '{name}' overlaps another"
                    : $"{entry.Offset - reached} bytes in front of the tensor '{name}' belong to no tensor");
            }

            reached += entry.Length;
        }

        if (reached != _dataStart + _dataLength)
        {
            throw Invalid($"its last {_dataStart + _dataLength - reached} bytes belong to no tensor");
        }
    }

    private CheckpointException Invalid(string problem) => Invalid(_path, problem);

    /// <summary>The error of a file that breaks the format.</summary>
    public static CheckpointException Invalid(string path, string problem) =>
        new($"{path} is damaged or not a safetensors file: {problem}; fetch or export it again.");
}
