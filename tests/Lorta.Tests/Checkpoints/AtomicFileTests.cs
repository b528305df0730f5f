using System.Diagnostics;
using System.Text;
using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Tests.Checkpoints;

public sealed class AtomicFileTests
{
    private const int KilledFileSize = 1 << 20;

    [Fact]
    public void ReplacesContentAndMakesFolder()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder["new"], "deeper", "a.txt");
        AtomicFile.WriteText(path, "first");
        AtomicFile.WriteText(path, "sécond");
        Assert.Equal("sécond"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void ALinkStaysOne()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteText(folder["a"], "old");
        string link = File.CreateSymbolicLink(folder["link"], folder["a"]).FullName;
        AtomicFile.WriteText(link, "new");
        Assert.Equal(folder["a"], new FileInfo(link).LinkTarget);
        Assert.Equal("new", File.ReadAllText(folder["a"]));
    }

    [Fact]
    public void FailureOfTheWriterLeavesTheOldFile()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteText(folder["a"], "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));
        AssertOnly(folder, "a", "old");
    }

    [Fact]
    public void FolderInTheWayIsNamed()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(Path.Combine(folder["a"], "b"));
        CheckpointException error = Assert.Throws<CheckpointException>(() => AtomicFile.WriteText(folder["a"], "text"));
        Assert.Contains(folder["a"], error.Message);
        Assert.Equal([folder["a"]], Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void FullDiskLeavesTheOldFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A limit on file sizes stands in for the full disk, and Windows has none.");
        using TemporaryFolder folder = new();
        AtomicFile.WriteText(folder["a"], "old");
        using Process child = ChildProcess.Start(nameof(WriteTensors), folder["a"], fileSizeLimit: 64);
        string message = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
        Assert.StartsWith($"{folder["a"]} cannot be written, and is as it was before: ", message);
        AssertOnly(folder, "a", "old");
    }

    [Fact]
    public void KilledWriterLeavesOneOfTheWholeFiles()
    {
        using TemporaryFolder folder = new();
        string path = folder["a"];
        Random random = new(0);
        for (int kill = 0; kill < 10; kill++)
        {
            using Process child = ChildProcess.Start(nameof(RewriteForever), path);
            child.StandardOutput.ReadLine();
            Thread.Sleep(random.Next(20));
            child.Kill();
            child.WaitForExit();
            byte[] content = File.ReadAllBytes(path);
            Assert.Equal(KilledFileSize, content.Length);
            Assert.Equal(content.Length, content.AsSpan().CommonPrefixLength(Enumerable.Repeat(content[0], content.Length).ToArray()));
        }

        foreach (string left in Directory.GetFiles(folder.FullPath, ".a.*.tmp"))
        {
            File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-1));
        }

        AtomicFile.WriteText(path, "next");
        AssertOnly(folder, "a", "next");
    }

    [Fact]
    public void WritersAtTheSameTimeDoNotMix()
    {
        using TemporaryFolder folder = new();
        Parallel.For(0, 100, i => AtomicFile.WriteText(folder["a"], new string((char)('a' + (i % 26)), 10_000)));
        string text = File.ReadAllText(folder["a"]);
        Assert.Equal(new string(text[0], 10_000), text);
        Assert.Equal([folder["a"]], Directory.GetFileSystemEntries(folder.FullPath));
    }

    /// <summary>A writer to kill: each version of the file is one letter throughout.</summary>
    internal static void RewriteForever(string path)
    {
        byte[] piece = new byte[KilledFileSize / 64];
        for (int version = 0; ; version++)
        {
            piece.AsSpan().Fill((byte)('a' + (version % 26)));
            AtomicFile.Write(path, stream =>
            {
                for (int i = 0; i < 64; i++)
                {
                    stream.Write(piece);
                }
            });
            Console.Out.WriteLine(version);
        }
    }

    /// <summary>A writer to limit: prints the error that it ends in.</summary>
    internal static void WriteTensors(string path)
    {
        using Tensor tensor = zeros(1024, 1024);
        try
        {
            SafetensorsFile.Write(path, [new("weight", tensor)]);
        }
        catch (CheckpointException error)
        {
            Console.Out.Write(error.Message);
        }
    }

    private static void AssertOnly(TemporaryFolder folder, string name, string content)
    {
        Assert.Equal([folder[name]], Directory.GetFileSystemEntries(folder.FullPath));
        Assert.Equal(content, File.ReadAllText(folder[name], Encoding.UTF8));
    }
}
