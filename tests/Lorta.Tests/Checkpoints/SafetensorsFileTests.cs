using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Lorta.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float64,
        ScalarType.Int64, ScalarType.Int32, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    public static IEnumerable<TheoryDataRow<string, string, string>> BrokenHeaders()
    {
        (string What, string Header, string Expected)[] cases =
        [
            ("end outside the file", """{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", "'a' ends at byte 9"),
            ("100 GB claimed", """{"a":{"dtype":"U8","shape":[100000000000],"data_offsets":[0,100000000000]}}""", "'a' ends at byte 100000000000"),
            ("reversed offsets", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}""", "data_offsets of 'a'"),
            ("one offset", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[8]}}""", "data_offsets of 'a'"),
            ("three offsets", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8,8]}}""", "data_offsets of 'a'"),
            ("negative offset", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[-8,0]}}""", "data_offsets of 'a'"),
            ("fraction in the shape", """{"a":{"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}}""", "shape of 'a'"),
            ("shape that is a string", """{"a":{"dtype":"U8","shape":"8","data_offsets":[0,8]}}""", "shape of 'a'"),
            ("product that overflows", """{"a":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,8]}}""", "the shape of 'a'"),
            ("product that wraps to the right size", """{"a":{"dtype":"U8","shape":[9223372036854775807,2,8],"data_offsets":[0,8]}}""", "the shape of 'a'"),
            ("overflow beside a zero", """{"a":{"dtype":"U8","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}""", "the shape of 'a'"),
            ("more dimensions than libtorch has", $$$"""{"a":{"dtype":"U8","shape":[{{{string.Join(',', Enumerable.Repeat(1, 65))}}}],"data_offsets":[0,8]}}""", "shape of 'a'"),
            ("shape that disagrees with the offsets", """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "'a' needs 12 bytes"),
            ("overlap", """{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "'b' overlaps"),
            ("the same bytes twice", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "overlaps"),
            ("hole", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "2 bytes in front of the tensor 'b'"),
            ("hole in front", """{"a":{"dtype":"U8","shape":[7],"data_offsets":[1,8]}}""", "1 bytes in front of the tensor 'a'"),
            ("bytes left over", """{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", "last 3 bytes"),
            ("duplicate name", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "'a' twice"),
            ("duplicate name, once escaped", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\u0061":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "'a' twice"),
            ("duplicate field", """{"a":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "dtype twice"),
            ("no dtype", """{"a":{"shape":[8],"data_offsets":[0,8]}}""", "no dtype"),
            ("no shape", """{"a":{"dtype":"U8","data_offsets":[0,8]}}""", "no shape"),
            ("no offsets", """{"a":{"dtype":"U8","shape":[8]}}""", "no data_offsets"),
            ("entry that is no object", """{"a":8}""", "'a' is not an object"),
            ("unknown dtype", """{"a":{"dtype":"Q7","shape":[8],"data_offsets":[0,8]}}""", "dtype Q7"),
            ("dtype that is a number", """{"a":{"dtype":8,"shape":[8],"data_offsets":[0,8]}}""", "not a string"),
            ("metadata that is no object", """{"__metadata__":[],"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "__metadata__"),
            ("metadata with a number", """{"__metadata__":{"rank":8},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "'rank'"),
            ("metadata twice", """{"__metadata__":{},"__metadata__":{},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "__metadata__ twice"),
            ("metadata key twice", """{"__metadata__":{"k":"1","k":"2"},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "'k' twice"),
            ("white space in front", """ {"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "begin with '{'"),
            ("empty header", "", "begin with '{'"),
            ("not an object", """["a"]""", "begin with '{'"),
            ("cut JSON", """{"a":{"dtype":"U8","shape":[8],"data_off""", "not valid JSON"),
            ("text after the object", """{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}} x""", "not valid JSON"),
            ("half of a surrogate pair", """{"\ud800":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "not valid JSON"),
            ("deep nesting", $$"""{"a":{"x":{{new string('[', 1000)}}""", "not valid JSON"),
        ];
        return cases.Select(c => new TheoryDataRow<string, string, string>(c.What, c.Header, c.Expected) { TestDisplayName = $"Refuses: {c.What}" });
    }

    [Theory]
    [MemberData(nameof(BrokenHeaders), DisableDiscoveryEnumeration = true)]
    public void RefusesBrokenHeader(string what, string header, string expected)
    {
        Assert.NotEmpty(what);
        using TemporaryFolder folder = new();
        string path = folder["model.safetensors"];
        File.WriteAllBytes(path, FileOf(Encoding.UTF8.GetBytes(header), new byte[8]));
        CheckpointException error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.Contains(path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void RefusesInvalidUtf8()
    {
        byte[] header = Encoding.Latin1.GetBytes("{\"\xe9\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}");
        Assert.Contains("UTF-8", Refusal(FileOf(header, new byte[8])).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void RefusesFileWithoutLength(int size) => Assert.Contains($"{size} bytes", Refusal(new byte[size]).Message);

    [Theory]
    [InlineData(9UL)]
    [InlineData(100_000_000_000UL)]
    [InlineData(ulong.MaxValue)]
    public void RefusesLyingHeaderLength(ulong length) =>
        Assert.Contains($"claims {length} bytes", Refusal([.. BitConverter.GetBytes(length), .. new byte[8]]).Message);

    [Fact]
    public void RefusesHeaderOverTheLimit()
    {
        using TemporaryFolder folder = new();
        string path = folder["sparse.safetensors"];
        using (FileStream stream = File.Create(path))
        {
            stream.Write(BitConverter.GetBytes(200_000_000UL));
            stream.SetLength(300_000_000);
        }

        Assert.Contains("more than 100000000", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Fact]
    public void RefusesMissingFileAndFolder()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("absent", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["absent"])).Message);
        Assert.Contains(folder.FullPath, Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.FullPath)).Message);
    }

    [Fact]
    public void NamesMissingTensor()
    {
        using TemporaryFolder folder = new();
        SafetensorsFile.Write(folder["x"], []);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Contains("'pooler.weight'", Assert.Throws<CheckpointException>(() => file.Read("pooler.weight")).Message);
    }

    [Fact]
    public void ReadsWhatIsWrittenByHand()
    {
        using TemporaryFolder folder = new();
        byte[] header = Encoding.UTF8.GetBytes(
            """{"b":{"shape":[],"extra":{"ignored":[1]},"dtype":"I32","data_offsets":[3,7]},"e":{"dtype":"F64","shape":[0,2],"data_offsets":[3,3]},"__metadata__":{"k":"v"},"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""");
        File.WriteAllBytes(folder["x"], FileOf(header, [1, 0, 7, 0x78, 0x56, 0x34, 0x12]));
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal("v", Assert.Single(file.Metadata).Value);
        foreach (Func<string, Tensor> get in (Func<string, Tensor>[])[file.Read, file.Map])
        {
            using Tensor a = get("a"), b = get("b"), e = get("e");
            Assert.Equal([true, false, true], a.data<bool>().ToArray());
            Assert.Equal(0x12345678, b.ToInt32());
            Assert.Equal([0, 2], e.shape);
            Assert.Equal(ScalarType.Float64, e.dtype);
        }
    }

    [Property(MaxTest = 150)]
    public Property RoundTrips()
    {
        Gen<long[]> shapes = Gen.Choose(0, 4).Select(size => (long)size).ArrayOf().Resize(4);
        Gen<(string, ScalarType, long[])> tensors =
            from name in ArbMap.Default.GeneratorFor<NonNull<string>>()
            from type in Gen.Elements(Types)
            from shape in shapes
            select (name.Get, type, shape);
        return Prop.ForAll(tensors.ListOf().ToArbitrary(), list => RoundTrip([.. list.Where(t => IsUnicode(t.Item1)).DistinctBy(t => t.Item1)]));
    }

    [Fact]
    public void BytesDependOnContentOnly()
    {
        using TemporaryFolder folder = new();
        using Tensor a = arange(6, ScalarType.Float32).view(2, 3), b = ones(2, 2, ScalarType.Int64), transposed = a.t().contiguous().t();
        SafetensorsFile.Write(folder["1"], [new("a", a), new("b", b)], new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" });
        SafetensorsFile.Write(folder["2"], [new("b", b), new("a", transposed)], new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" });
        Assert.Equal(File.ReadAllBytes(folder["1"]), File.ReadAllBytes(folder["2"]));
    }

    [Fact]
    public void RefusesToWriteWhatTheFormatLacks()
    {
        using TemporaryFolder folder = new();
        using Tensor complex = zeros(2, ScalarType.ComplexFloat32), real = zeros(2);
        Assert.Contains("'c'", Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(folder["x"], [new("c", complex)])).Message);
        Assert.Contains("'r'", Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(folder["x"], [new("r", real), new("r", real)])).Message);
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(folder["x"], [new("__metadata__", real)]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void ReferenceFilesAreRewrittenByteForByte()
    {
        using TemporaryFolder folder = new();
        string root = Path.GetDirectoryName(SharedData.Require("reference"))!;
        string[] paths = Directory.GetFiles(root, "*.safetensors", SearchOption.AllDirectories);
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            using DisposeScope scope = NewDisposeScope();
            using SafetensorsFile file = SafetensorsFile.Open(path);
            SafetensorsFile.Write(folder["copy"], file.Entries.Keys.Select(name => KeyValuePair.Create(name, file.Map(name))), file.Metadata);
            using SafetensorsFile copy = SafetensorsFile.Open(folder["copy"]);
            Assert.Equal(file.Metadata, copy.Metadata);
            Assert.Equal(file.Entries.Keys.ToHashSet(), copy.Entries.Keys.ToHashSet());
            foreach ((string name, SafetensorsEntry entry) in file.Entries)
            {
                AssertSame(file.Read(name), copy.Read(name));
                Assert.Equal(entry.Shape, copy.Entries[name].Shape);
            }

            // The reference writer lays several metadata strings out in no fixed order.
            if (file.Metadata.Count <= 1)
            {
                Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder["copy"])), path);
            }
        }
    }

    internal static byte[] FileOf(byte[] header, byte[] data) => [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. data];

    internal static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(expected.bytes.SequenceEqual(actual.bytes));
    }

    private static CheckpointException Refusal(byte[] content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["x"], content);
        return Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder["x"]));
    }

    private static bool IsUnicode(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    private static void RoundTrip((string Name, ScalarType Type, long[] Shape)[] tensors)
    {
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> written = tensors.ToDictionary(t => t.Name, t => randint(0, 100, t.Shape).to(t.Type));
        Dictionary<string, string> metadata = tensors.ToDictionary(t => t.Name, t => t.Name);
        SafetensorsFile.Write(folder["x"], written, metadata);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal(metadata, file.Metadata);
        Assert.Equal(written.Keys.ToHashSet(), file.Entries.Keys.ToHashSet());
        foreach ((string name, Tensor tensor) in written)
        {
            AssertSame(tensor, file.Read(name));
            AssertSame(tensor, file.Map(name));
        }
    }
}
