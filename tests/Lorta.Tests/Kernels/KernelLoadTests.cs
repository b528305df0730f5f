using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Tests.Kernels;

/// <summary>From a source to kernels on a device, on stand-ins for CUDA's driver and NVRTC.</summary>
public sealed class KernelLoadTests
{
    [Fact]
    public void CompilesOnceForAProcess()
    {
        EmulatedCuda cuda = EmulatedCuda.Require();
        KernelEnvironment environment = cuda.NewEnvironment();
        KernelLoad first = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        KernelLoad second = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.False(Assert.IsType<KernelLoad.Compiled>(first).WasCached);
        Assert.Same(first, second);
    }

    [Fact]
    public void KeepsCompiledKernelsOnDisk()
    {
        EmulatedCuda cuda = EmulatedCuda.Require();
        KernelEnvironment environment = cuda.NewEnvironment();
        Assert.False(Compile<Good>(environment).WasCached);
        string file = Assert.Single(Directory.GetFiles(environment.CacheFolder));
        Assert.EndsWith(".sm_90.cubin", file, StringComparison.Ordinal);
        Assert.True(Compile<Good>(environment).WasCached);
        Assert.Single(Directory.GetFiles(environment.CacheFolder));
    }

    [Fact]
    public void KeepsOneFileForEachSourceAndType()
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
        Assert.False(Compile<Good>(environment).WasCached);
        Assert.False(Compile<Good>(environment, ActivationType.BFloat16).WasCached);
        Assert.False(Compile<Other>(environment).WasCached);
        Assert.Equal(3, Directory.GetFiles(environment.CacheFolder).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    public void CompilesAgainWhereAFileIsCutOff(int length)
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
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
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
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
        EmulatedCuda cuda = EmulatedCuda.Require();
        string file = Path.GetTempFileName();
        try
        {
            KernelEnvironment environment = cuda.NewEnvironment() with { CacheFolder = Path.Combine(file, "below-a-file") };
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
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
        var loads = new KernelLoad[8];
        Parallel.For(0, loads.Length, i => loads[i] = LortaKernels.Load<Good>(0, ActivationType.Float32, environment));
        Assert.All(loads, load => Assert.Same(loads[0], load));
    }

    [Fact]
    public void TellsWhatTheCompilerWrote()
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
        KernelLoad load = LortaKernels.Load<Broken>(0, ActivationType.Float32, environment);
        string log = Assert.IsType<KernelLoad.Refused>(load).Log;
        Assert.Contains("undeclared_name", log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(environment.CacheFolder));
    }

    [Fact]
    public void TellsWhereThereIsNoCompiler()
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment() with { CompilerPath = "/nowhere/libnvrtc.so" };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Equal("NVRTC cannot be loaded from /nowhere/libnvrtc.so: correct LORTA_NVRTC.", Assert.IsType<KernelLoad.Unavailable>(load).Reason);
    }

    [Fact]
    public void TellsWhereALibraryIsNotTheCompiler()
    {
        EmulatedCuda cuda = EmulatedCuda.Require();
        KernelEnvironment environment = cuda.NewEnvironment() with { CompilerPath = cuda.Driver };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.StartsWith("NVRTC is older than 11.1", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoDriver()
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment() with { DriverPath = "/nowhere/libcuda.so" };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Contains("LORTA_CUDA_DRIVER", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoDevice()
    {
        EmulatedCuda cuda = EmulatedCuda.Require();
        KernelEnvironment environment = cuda.NewEnvironment() with { DriverPath = cuda.DriverWithoutDevice };
        KernelLoad load = LortaKernels.Load<Good>(0, ActivationType.Float32, environment);
        Assert.Contains("no CUDA-capable device", Assert.IsType<KernelLoad.Unavailable>(load).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TellsWhereThereIsNoSuchDevice()
    {
        KernelEnvironment environment = EmulatedCuda.Require().NewEnvironment();
        KernelLoad load = LortaKernels.Load<Good>(7, ActivationType.Float32, environment);
        Assert.Equal("There is no CUDA device 7: the driver has 1.", Assert.IsType<KernelLoad.Unavailable>(load).Reason);
    }

    /// <summary>Past the memory of the process, as a new one would find the disk.</summary>
    private static KernelLoad.Compiled Compile<TSource>(KernelEnvironment environment, ActivationType type = ActivationType.Float32)
        where TSource : ILortaKernelSource => Assert.IsType<KernelLoad.Compiled>(KernelLoader.Compile<TSource>(0, type, environment));

    private sealed class Good : ILortaKernelSource
    {
        public static int Rank => 1;

        public static bool HasHeads => false;

        public static bool HasCoefficients => false;

        public static bool UsesAtomics => false;

        public static string Source => """
            extern "C" __global__ void fill(int* target, int value) { target[threadIdx.x] = value; }
            """;
    }

    private sealed class Other : ILortaKernelSource
    {
        public static int Rank => 1;

        public static bool HasHeads => false;

        public static bool HasCoefficients => false;

        public static bool UsesAtomics => false;

        public static string Source => """
            extern "C" __global__ void clear(int* target) { target[threadIdx.x] = 0; }
            """;
    }

    private sealed class Broken : ILortaKernelSource
    {
        public static int Rank => 1;

        public static bool HasHeads => false;

        public static bool HasCoefficients => false;

        public static bool UsesAtomics => false;

        public static string Source => """
            extern "C" __global__ void fill(int* target) { target[threadIdx.x] = undeclared_name; }
            """;
    }
}
