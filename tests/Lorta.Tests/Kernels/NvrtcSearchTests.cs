using Lorta.Kernels;

namespace Lorta.Tests.Kernels;

public sealed class NvrtcSearchTests
{
    [Fact]
    public void FindsTheHashedNamesOfLibtorchAndNotTheBuiltIns()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows' libraries have other names.");
        string folder = Directory.CreateTempSubdirectory("lorta-nvrtc-").FullName;
        try
        {
            string[] names = ["libnvrtc-08c4863f.so.12", "libnvrtc-builtins.so.12.8", "libtorch.so", "libnvrtc.so.13"];
            Array.ForEach(names, name => File.WriteAllText(Path.Combine(folder, name), ""));
            string[] found = [.. NvrtcSearch.In([Path.Combine(folder, "absent"), folder]).Select(path => Path.GetFileName(path))];
            Assert.Equal(["libnvrtc-08c4863f.so.12", "libnvrtc.so.13"], found);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
