using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Tests.Kernels;

/// <summary>From a source to kernels on a device, on stand-ins for CUDA's driver and NVRTC.</summary>
public sealed class KernelLoadTests
{
    [Fact]
    public void CompilesOnceForAProcess()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        KernelLoad first = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        KernelLoad second = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.False(Assert.IsType<KernelLoad.Compiled>(first).WasCached);
        Assert.Same(first, second);
    }

    [Fact]
    public void KeepsCompiledKernelsOnDisk()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        Assert.False(Compile<Good>(environment).WasCached);
        string file = Assert.Single(Directory.GetFiles(environment.CacheFolder));
        Assert.EndsWith(".sm_90.cubin", file, StringComparison.Ordinal);
        Assert.True(Compile<Good>(environment).WasCached);
        Assert.Single(Directory.GetFiles(environment.CacheFolder));
    }

    [Fact]
    public void KeepsOneFileForEachSourceTypeAndRank()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        Assert.False(Compile<Good>(environment).WasCached);
        Assert.False(Compile<Good>(environment, ActivationType.BFloat16).WasCached);
        Assert.False(Compile<Other>(environment).WasCached);
        Assert.False(Compile<Good>(environment, rank: Good.Rank + 1).WasCached);
        Assert.Equal(4, Directory.GetFiles(environment.CacheFolder).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    public void CompilesAgainWhereAFileIsCutOff(int length)
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        Compile<Good>(environment);
        string file = Assert.Single(Directory.GetFiles(environment.CacheFolder));
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..length]);
        Assert.False(Compile<Good>(environment).WasCached);
        Assert.True(Compile<Good>(environment).WasCached);
    }

    [Fact]
    public void CompilesAgainWhereAFileIsDamaged()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        Compile<Good>(environment);
        string file = Assert.Single(Directory.GetFiles(environment.CacheFolder));
        byte[] damaged = File.ReadAllBytes(file);
        damaged[^1] ^= 1;
        File.WriteAllBytes(file, damaged);
        Assert.False(Compile<Good>(environment).WasCached);
        Assert.True(Compile<Good>(environment).WasCached);
    }

    [Fact]
    public void WorksWithoutACacheFolder()
    {
        string file = Path.GetTempFileName();
        try
        {
            KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { CacheFolder = Path.Combine(file, "below-a-file") };
            Assert.False(Compile<Good>(environment).WasCached);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void ManyThreadsShareOneCompilation()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        var loads = new KernelLoad[8];
        Parallel.For(0, loads.Length, i => loads[i] = LortaKernels.Load<Good>(0, ActivationType.Float32, environment));
        Assert.All(loads, load => Assert.Same(loads[0], load));
    }

    [Fact]
    public void TellsWhatTheCompilerWrote()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        KernelLoad load = LortaKernels.Load<Broken>(0, ActivationType.Float32, environment);
        string log = Assert.IsType<KernelLoad.Refused>(load).Log;
        Assert.Contains("undeclared_name", log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(environment.CacheFolder));
    }

    [Fact]
    public void TellsWhereThereIsNoCompiler()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { CompilerPath = "/nowhere/libnvrtc.so" };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Equal("NVRTC cannot be loaded from /nowhere/libnvrtc.so: correct LORTA_NVRTC.", Assert.IsType<KernelLoad.Unavailable>(load).Reason);
    }

    [Fact]
    public void TellsWhereALibraryIsNotTheCompiler()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { CompilerPath = EmulatedCuda.Driver };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.StartsWith("NVRTC is older than 11.1", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoDriver()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { DriverPath = "/nowhere/libEmulatedCuda.so" };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Contains("LORTA_CUDA_DRIVER", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoDevice()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { DriverPath = EmulatedCuda.DriverWithoutDevice };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Contains("no CUDA-capable device", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereTheCompilerIsOlderThanTheDevice()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment() with { DriverPath = EmulatedCuda.DriverOfNewerDevice };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        string reason = Assert.IsType<KernelLoad.Unavailable>(load).Reason;
        Assert.StartsWith("NVRTC 12.4 cannot compile with --std=c++17 --gpu-architecture=sm_990", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoSuchDevice()
    {
        KernelEnvironment environment = EmulatedCuda.NewEnvironment();
        KernelLoad load = LortaKernels.Load<Good>(7, ActivationType.Float32, environment);
        Assert.Equal("There is no CUDA device 7: the driver has 1.", Assert.IsType<KernelLoad.Unavailable>(load).Reason);
    }

    /// <summary>Past the memory of the process, as a new one would find the disk.</summary>
    private static KernelLoad.Compiled Compile<TSource>(
        KernelEnvironment environment, ActivationType type = ActivationType.Float32, int? rank = null)
        where TSource : ILortaKernelSource => Assert.IsType<KernelLoad.Compiled>(KernelLoader.Compile<TSource>(0, type, rank ?? TSource.Rank, environment));
}
