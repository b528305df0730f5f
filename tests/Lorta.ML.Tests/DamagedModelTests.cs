using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Lorta.ML.Tests.Data;
using Microsoft.ML;

namespace Lorta.ML.Tests;

public sealed class DamagedModelTests : IClassFixture<TinyBase>
{
    private const int Mutations = 2000;

    private readonly MLContext _mlContext = new(1);
    private readonly byte[] _saved;
    private readonly string _expected;

    public DamagedModelTests(TinyBase tiny)
    {
        var options = new LortaFineTuneOptions { BaseModel = tiny.Folder, MaxLength = 16, Epochs = 1, Rank = 1 };
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Opinion.Rows(6));
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(rows);
        using var stream = new MemoryStream();
        _mlContext.Model.Save(model, rows.Schema, stream);
        _saved = stream.ToArray();
        _expected = FreshProcess.Describe(_mlContext, model);
    }

    [Fact]
    public void AMutatedFileIsRefusedOrIsTheSameModel()
    {
        var random = new Random(6);
        int refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] mutated = Mutate(random);
            try
            {
                using var model = (IDisposable)_mlContext.Model.Load(new MemoryStream(mutated), out _);
                Assert.Equal(_expected, FreshProcess.Describe(_mlContext, (ITransformer)model));
            }
            catch (Exception error) when (IsClean(error.GetBaseException()))
            {
                refused++;
            }
        }

        Assert.InRange(refused, Mutations / 2, Mutations);
    }

    // What ML.NET, its zip reader and the loader of assemblies throw on purpose, and so do we.
    private static bool IsClean(Exception error) =>
        error is FormatException or InvalidDataException or InvalidOperationException or IOException or ArgumentException or NotSupportedException;

    [Theory]
    [InlineData("../")]
    [InlineData("/")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("C:x")]
    public void AFileNameThatLeadsElsewhereIsRefused(string name)
    {
        // In each place that names a file: those of the model, of its tokenizer, and of its base.
        AssertRefused("\"name\":\"vocab.txt\"", $"\"name\":\"{name.PadRight("vocab.txt".Length, 'x')}\"");
        AssertRefused("\"tokenizerFiles\":[\"vocab.txt\"]", $"\"tokenizerFiles\":[\"{name.PadRight("vocab.txt".Length, 'x')}\"]");
        AssertRefused("\"model.safetensors\":", $"\"{name.PadRight("model.safetensors".Length, 'x')}\":");
    }

    private void AssertRefused(string text, string replacement)
    {
        byte[] lying = Edit(text, replacement);
        Exception error = Assert.ThrowsAny<Exception>(() => _mlContext.Model.Load(new MemoryStream(lying), out _));
        Assert.IsType<FormatException>(error.GetBaseException());
        Assert.Contains("plain file name", error.GetBaseException().Message, StringComparison.Ordinal);
    }

    private byte[] Mutate(Random random)
    {
        if (random.Next(10) == 0)
        {
            return _saved[..random.Next(_saved.Length)];
        }

        byte[] mutated = [.. _saved];
        for (int flips = random.Next(1, 4); flips > 0; flips--)
        {
            mutated[random.Next(mutated.Length)] ^= (byte)(1 << random.Next(8));
        }

        return mutated;
    }

    /// <summary>The model with a text of its manifest replaced by one as long, and the manifest's hash made anew.</summary>
    private byte[] Edit(string text, string replacement)
    {
        using var target = new MemoryStream();
        using (var copy = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
        using (var zip = new ZipArchive(new MemoryStream(_saved)))
        {
            foreach (ZipArchiveEntry entry in zip.Entries)
            {
                using var content = new MemoryStream();
                using (Stream source = entry.Open())
                {
                    source.CopyTo(content);
                }

                using Stream written = copy.CreateEntry(entry.FullName).Open();
                written.Write(EditManifest(content.ToArray(), text, replacement));
            }
        }

        return target.ToArray();
    }

    private static byte[] EditManifest(byte[] content, string text, string replacement)
    {
        int start = content.AsSpan().IndexOf("{\"task\":"u8);
        if (start >= 0)
        {
            int length = BitConverter.ToInt32(content, start - sizeof(int));
            string manifest = Encoding.UTF8.GetString(content, start, length);
            Assert.Contains(text, manifest, StringComparison.Ordinal);
            byte[] edited = Encoding.UTF8.GetBytes(manifest.Replace(text, replacement, StringComparison.Ordinal));
            Assert.Equal(length, edited.Length);
            edited.CopyTo(content, start);
            SHA256.HashData(edited).CopyTo(content, start + length);
        }

        return content;
    }
}
