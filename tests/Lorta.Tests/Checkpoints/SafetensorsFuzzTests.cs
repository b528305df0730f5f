using System.Text;
using System.Text.RegularExpressions;
using Lorta.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Checkpoints;

/// <summary>Whatever is done to a file, it loads cleanly or ends in the one error, within memory of the file's own size.</summary>
public sealed partial class SafetensorsFuzzTests
{
    private const int MutationsPerKind = 1_500;

    // What an exception, its message and a file handle cost, whatever the file.
    private const int FixedCost = 32 * 1024;

    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2147483647", "2147483648", "4294967296", "100000000000", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1e9", "1.5", "null", "\"4\"", "[]", "{}", "00", "NaN",
    ];

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud800", "\\u0000", "true", "__metadata__", "dtype", "shape", "data_offsets",
        "F32", "BOOL", "I64", "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},", "[[[[[[[[[[[[[[[[", "é", "\0", "\n",
    ];

    [Theory]
    [InlineData(nameof(FlipBits))]
    [InlineData(nameof(FlipHeaderBits))]
    [InlineData(nameof(Resize))]
    [InlineData(nameof(RewriteLength))]
    [InlineData(nameof(RewriteNumbers))]
    [InlineData(nameof(SpliceHeader))]
    [InlineData(nameof(ShuffleHeader))]
    public void MutatedFileLoadsOrIsRefused(string kind)
    {
        Func<Random, byte[], byte[]> mutate = kind switch
        {
            nameof(FlipBits) => FlipBits,
            nameof(FlipHeaderBits) => FlipHeaderBits,
            nameof(Resize) => Resize,
            nameof(RewriteLength) => RewriteLength,
            nameof(RewriteNumbers) => RewriteNumbers,
            nameof(SpliceHeader) => SpliceHeader,
            nameof(ShuffleHeader) => ShuffleHeader,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        using TemporaryFolder folder = new(inMemory: true);
        byte[] original = Original(folder["original"]);
        Assert.True(LoadsOrIsRefused(folder["original"]));
        string path = folder["mutated"];
        int refused = 0;
        for (int seed = 0; seed < MutationsPerKind; seed++)
        {
            File.WriteAllBytes(path, mutate(new Random(seed), original));
            try
            {
                refused += LoadsOrIsRefused(path) ? 0 : 1;
            }
            catch (Exception error)
            {
                Assert.Fail($"{kind} with seed {seed}: {error}");
            }
        }

        // A mutation that is never noticed would test nothing.
        Assert.InRange(refused, 1, MutationsPerKind);
    }

    /// <summary>Whether the file loads; false where it is refused as it should be.</summary>
    private static bool LoadsOrIsRefused(string path)
    {
        long length = new FileInfo(path).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            AssertWithin(length, before);
            Assert.True(file.Entries.Values.Sum(entry => entry.Length) <= length);
            foreach ((string name, SafetensorsEntry entry) in file.Entries)
            {
                using Tensor read = file.Read(name), mapped = file.Map(name);
                Assert.Equal(entry.Length, read.bytes.Length);
                Assert.True(read.bytes.SequenceEqual(mapped.bytes));
            }

            return true;
        }
        catch (CheckpointException error)
        {
            AssertWithin(length, before);
            Assert.Contains(path, error.Message);
            return false;
        }
    }

    private static void AssertWithin(long length, long before) =>
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, length + FixedCost);

    /// <summary>Every element type, a scalar, an empty tensor, metadata, and more data than header.</summary>
    private static byte[] Original(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = new()
        {
            ["embeddings.weight"] = arange(512, ScalarType.Float32).view(16, 32),
            ["half"] = ones(3, 5, ScalarType.Float16),
            ["brain"] = ones(7, ScalarType.BFloat16),
            ["double"] = ones(2, 2, 2, ScalarType.Float64),
            ["long"] = arange(6, ScalarType.Int64),
            ["int"] = arange(5, ScalarType.Int32),
            ["sbyte"] = ones(3, ScalarType.Int8),
            ["byte"] = ones(3, ScalarType.Byte),
            ["mask"] = ones(5, ScalarType.Bool),
            ["scalar"] = tensor(1.5f),
            ["empty"] = zeros(0, 4),
        };
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt" });
        return File.ReadAllBytes(path);
    }

    private static byte[] FlipBits(Random random, byte[] original) => FlipBits(random, original, original.Length);

    private static byte[] FlipHeaderBits(Random random, byte[] original) => FlipBits(random, original, 8 + HeaderLength(original));

    private static byte[] FlipBits(Random random, byte[] original, int end)
    {
        byte[] bytes = [.. original];
        for (int flips = random.Next(1, 9); flips > 0; flips--)
        {
            bytes[random.Next(end)] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }

    private static byte[] Resize(Random random, byte[] original)
    {
        byte[] bytes = [.. original];
        Array.Resize(ref bytes, random.Next(4) == 0 ? original.Length + random.Next(1, 100) : random.Next(original.Length));
        return bytes;
    }

    private static byte[] RewriteLength(Random random, byte[] original)
    {
        byte[] bytes = [.. original];
        ulong length = random.Next(3) switch
        {
            0 => (ulong)random.Next(original.Length + 16),
            1 => (ulong)(HeaderLength(original) + random.Next(-8, 9)),
            _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64),
        };
        BitConverter.TryWriteBytes(bytes, length);
        return bytes;
    }

    private static byte[] RewriteNumbers(Random random, byte[] original)
    {
        string header = Header(original);
        for (int rewrites = random.Next(1, 4); rewrites > 0; rewrites--)
        {
            MatchCollection numbers = NumberPattern().Matches(header);
            if (numbers.Count > 0)
            {
                Match number = numbers[random.Next(numbers.Count)];
                string other = random.Next(2) == 0 ? Numbers[random.Next(Numbers.Length)] : numbers[random.Next(numbers.Count)].Value;
                header = header[..number.Index] + other + header[(number.Index + number.Length)..];
            }
        }

        return WithHeader(original, header);
    }

    private static byte[] SpliceHeader(Random random, byte[] original)
    {
        string header = Header(original);
        for (int splices = random.Next(1, 4); splices > 0; splices--)
        {
            int start = random.Next(header.Length), length = random.Next(Math.Min(40, header.Length - start));
            header = header[..start] + Fragments[random.Next(Fragments.Length)] + header[(start + length)..];
        }

        return WithHeader(original, header);
    }

    /// <summary>Swaps, repeats and drops whole values, so that most results stay JSON and lie in their content.</summary>
    private static byte[] ShuffleHeader(Random random, byte[] original)
    {
        string header = Header(original);
        MatchCollection values = ValuePattern().Matches(header);
        Match target = values[random.Next(values.Count)];
        string other = random.Next(5) == 0 ? "" : values[random.Next(values.Count)].Value;
        return WithHeader(original, header[..target.Index] + other + header[(target.Index + target.Length)..]);
    }

    private static int HeaderLength(byte[] file) => (int)BitConverter.ToUInt64(file);

    private static string Header(byte[] file) => Encoding.UTF8.GetString(file, 8, HeaderLength(file));

    private static byte[] WithHeader(byte[] file, string header) =>
        SafetensorsFileTests.FileOf(Encoding.UTF8.GetBytes(header), file[(8 + HeaderLength(file))..]);

    [GeneratedRegex("[0-9]+")]
    private static partial Regex NumberPattern();

    [GeneratedRegex("""\"[^"]*\":\{[^}]*\}|\[[^\]]*\]|\"[A-Za-z0-9_.]+\"|,""")]
    private static partial Regex ValuePattern();
}
