using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Checkpoints;

public sealed class SafetensorsMappingTests
{
    [Fact]
    public void WritingToMappedTensorNeverWritesTheFile()
    {
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        byte[] before = WriteOnes(folder);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Tensor first = file.Map("weight"), second = file.Map("weight"), other = file.Map("other");
        first.add_(1);
        Assert.Equal(2 * first.numel(), first.sum().ToInt32());
        Assert.Equal(2 * first.numel(), second.sum().ToInt32());
        Assert.Equal(other.numel(), other.sum().ToInt32());
        Assert.Equal(before, File.ReadAllBytes(folder["x"]));
        using SafetensorsFile again = SafetensorsFile.Open(folder["x"]);
        Assert.Equal(first.numel(), again.Map("weight").sum().ToInt32());
    }

    [Fact]
    public void MappingLivesAsLongAsItsLastTensor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux lists a process's mappings.");
        using TemporaryFolder folder = new();
        WriteOnes(folder);
        SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.Equal(0, Mappings(folder["x"]));
        Tensor weight = file.Map("weight"), other = file.Map("other");
        Assert.Equal(1, Mappings(folder["x"]));
        file.Dispose();
        weight.Dispose();
        using (Tensor view = other.narrow(0, 1, 2))
        {
            other.Dispose();
            Assert.Equal(1, Mappings(folder["x"]));
            Assert.Equal(2, view.sum().ToInt32());
        }

        Assert.Equal(0, Mappings(folder["x"]));
    }

    [Fact]
    public void ReplacedFileIsMappedAsItWasOpened()
    {
        using TemporaryFolder folder = new();
        WriteOnes(folder);
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be replaced.");
        using Tensor zero = zeros(1);
        SafetensorsFile.Write(folder["x"], [new("weight", zero)]);
        using Tensor mapped = file.Map("weight"), read = file.Read("weight");
        Assert.Equal(read.numel(), mapped.sum().ToInt32());
        Assert.Equal(read.numel(), read.sum().ToInt32());
    }

    [Fact]
    public void UnalignedTensorIsReadInstead()
    {
        using TemporaryFolder folder = new();
        byte[] header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}"u8.ToArray();
        File.WriteAllBytes(folder["x"], SafetensorsFileTests.FileOf(header, [1, 0, 0, 0x80, 0x3f]));
        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);
        using Tensor value = file.Map("b");
        Assert.Equal(1f, value.item<float>());
    }

    [Fact]
    public void LinearTrainsOnMappedWeights()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["config.json"], "{}");
        using Linear source = nn.Linear(4, 3), mapped = nn.Linear(4, 3), copied = nn.Linear(4, 3);
        SafetensorsFile.Write(folder["model.safetensors"], source.state_dict());
        byte[] before = File.ReadAllBytes(folder["model.safetensors"]);
        using (PretrainedFolder model = PretrainedFolder.Open(folder.FullPath))
        {
            model.LoadInto(mapped, inPlace: true);
            model.LoadInto(copied);
        }

        using Tensor input = randn(5, 4);
        foreach (Linear linear in (Linear[])[mapped, copied])
        {
            using DisposeScope scope = NewDisposeScope();
            optim.Optimizer optimizer = optim.SGD(linear.parameters(), 0.1);
            linear.call(input).square().mean().backward();
            optimizer.step();
        }

        SafetensorsFileTests.AssertSame(copied.weight!, mapped.weight!);
        Assert.False(mapped.weight!.bytes.SequenceEqual(source.weight!.bytes));
        Assert.Equal(before, File.ReadAllBytes(folder["model.safetensors"]));
    }

    private static byte[] WriteOnes(TemporaryFolder folder)
    {
        using Tensor weight = ones(300, 7), other = ones(5);
        SafetensorsFile.Write(folder["x"], [new("weight", weight), new("other", other)]);
        return File.ReadAllBytes(folder["x"]);
    }

    private static int Mappings(string path) => File.ReadLines("/proc/self/maps").Count(line => line.Contains(path, StringComparison.Ordinal));
}
