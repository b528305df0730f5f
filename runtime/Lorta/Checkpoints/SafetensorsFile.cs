using System.Buffers.Binary;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>
/// An open safetensors file. Opening reads and checks the header only; tensors are read, or mapped in place, when asked for.
/// Several threads may read at once. While it is open the file must not be shortened or written in place; replacing it by
/// another under the same name, as <see cref="AtomicFile"/> does, is harmless.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly FileStream _stream;
    private readonly long _length;
    private readonly SafetensorsHeader _header;
    private readonly Dictionary<ScalarType, Tensor> _mappings = [];

    private SafetensorsFile(string path, FileStream stream, long length, SafetensorsHeader header)
    {
        FilePath = path;
        _stream = stream;
        _length = length;
        _header = header;
    }

    /// <summary>The path that the file was opened by.</summary>
    public string FilePath { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Every tensor of the file by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>Opens a file and checks the whole of its header against the format's specification and the file's length.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is missing, unreadable, damaged, or of an element type that is not supported.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            try
            {
                long length = stream.Length;
                SafetensorsHeader header = SafetensorsHeader.Parse(ReadHeader(stream, length, path), path, length);
                return new SafetensorsFile(path, stream, length, header);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }

    /// <summary>Reads a tensor into memory of its own, on the CPU, of the file's element type.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointException">The file has no such tensor, or cannot be read any more.</exception>
    public Tensor Read(string name)
    {
        SafetensorsEntry entry = Find(name);
        using DisposeScope scope = NewDisposeScope();
        // A bool must be 0 or 1 to libtorch; a byte of the file can be anything.
        bool isBool = entry.DType == ScalarType.Bool;
        Tensor tensor = empty(entry.Shape.ToArray(), isBool ? ScalarType.Byte : entry.DType);
        if (entry.Length > 0)
        {
            ReadBytes(entry, tensor);
        }

        return (isBool ? tensor.to(ScalarType.Bool) : tensor).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A tensor over the mapped file, without a copy. Its pages are loaded when touched, and private: writing to the tensor
    /// never writes the file. The mapping lives until this file and the last tensor on it are disposed, in any order.
    /// Where the type or the alignment does not allow it (bool, or an offset that is no multiple of the element size) it is
    /// the same as <see cref="Read"/>.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointException">The file has no such tensor, or cannot be mapped.</exception>
    public Tensor Map(string name)
    {
        SafetensorsEntry entry = Find(name);
        int size = SafetensorsDType.Of(entry.DType).Size;
        if (entry.DType == ScalarType.Bool || entry.Length == 0 || entry.Offset % size != 0)
        {
            return Read(name);
        }

        using DisposeScope scope = NewDisposeScope();
        return Mapping(entry.DType, size)
            .narrow(0, entry.Offset / size, entry.Length / size)
            .view(entry.Shape.ToArray())
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Writes a file atomically. The bytes depend on the names, tensors and metadata only, not on their order: tensors are
    /// laid out by element type and name as the reference writer does, metadata by key.
    /// </summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="tensors">Names and tensors, on any device, of any strides.</param>
    /// <param name="metadata">Strings to keep in <c>__metadata__</c>.</param>
    /// <exception cref="ArgumentException">A name is given twice or reserved, or an element type is not in the format.</exception>
    /// <exception cref="CheckpointException">The file cannot be written; an old one is left whole.</exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        KeyValuePair<string, Tensor>[] ordered = [.. tensors
            .OrderBy(pair => SafetensorsDType.RankOf(pair.Value.dtype))
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)];
        CheckWritable(ordered);
        byte[] header = SafetensorsHeader.Serialize(
            (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal),
            ordered.Select(pair => (pair.Key, pair.Value.dtype, pair.Value.shape)));
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((_, Tensor tensor) in ordered)
            {
                using DisposeScope scope = NewDisposeScope();
                tensor.detach().cpu().contiguous().WriteBytesToStream(stream, BufferSize);
            }
        });
    }

    /// <summary>Closes the file. Tensors that were read or mapped stay valid.</summary>
    public void Dispose()
    {
        lock (_mappings)
        {
            foreach (Tensor mapping in _mappings.Values)
            {
                mapping.Dispose();
            }

            _mappings.Clear();
        }

        _stream.Dispose();
    }

    private static byte[] ReadHeader(FileStream stream, long length, string path)
    {
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.LengthSize];
        if (stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
        {
            throw SafetensorsHeader.Invalid(path, $"it has {length} bytes, too few for a header");
        }

        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > (ulong)(length - prefix.Length))
        {
            throw SafetensorsHeader.Invalid(path, $"its header claims {headerLength} bytes, and the file has {length}");
        }

        if (headerLength > SafetensorsHeader.MaxLength)
        {
            throw SafetensorsHeader.Invalid(path, $"its header claims {headerLength} bytes, more than {SafetensorsHeader.MaxLength}");
        }

        byte[] header = new byte[headerLength];
        stream.ReadExactly(header);
        return header;
    }

    private static void CheckWritable(KeyValuePair<string, Tensor>[] tensors)
    {
        HashSet<string> names = [SafetensorsHeader.MetadataName];
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"The tensor name '{name}' is given twice, or reserved.", nameof(tensors));
            }

            if (SafetensorsDType.RankOf(tensor.dtype) < 0)
            {
                throw new ArgumentException($"The tensor '{name}' is {tensor.dtype}, which is not one of {SafetensorsDType.Names}.", nameof(tensors));
            }
        }
    }

    private static CheckpointException Unreadable(string path, Exception error) =>
        new($"{path} cannot be read: {error.Message.TrimEnd('.')}.", error);

    private SafetensorsEntry Find(string name) => Entries.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new CheckpointException($"{FilePath} has no tensor '{name}'.");

    private void ReadBytes(SafetensorsEntry entry, Tensor tensor)
    {
        try
        {
            lock (_stream)
            {
                _stream.Position = entry.Offset;
                tensor.ReadBytesFromStream(_stream, BufferSize);
            }
        }
        catch (IOException error)
        {
            throw Unreadable(FilePath, error);
        }
    }

    /// <summary>The whole file as a vector of one element type.</summary>
    private Tensor Mapping(ScalarType dtype, int size)
    {
        lock (_mappings)
        {
            if (!_mappings.TryGetValue(dtype, out Tensor? mapping))
            {
                ObjectDisposedException.ThrowIf(_stream.SafeFileHandle.IsClosed, this);
                mapping = MapFile(dtype, _length / size).DetachFromDisposeScope();
                _mappings.Add(dtype, mapping);
            }

            return mapping;
        }
    }

    private Tensor MapFile(ScalarType dtype, long elements)
    {
        try
        {
            return from_file(OpenedPath(), shared: false, elements, dtype);
        }
        catch (ExternalException error)
        {
            throw Unreadable(FilePath, error);
        }
    }

    /// <summary>By the open handle: under the file's name another file may stand by now, with another header.</summary>
    private string OpenedPath() =>
        OperatingSystem.IsWindows() ? FilePath : $"/dev/fd/{_stream.SafeFileHandle.DangerousGetHandle()}";
}
