using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.Tests.Kernels;

/// <summary>Launches on the emulated device.</summary>
public sealed unsafe class CudaModuleTests
{
    private const int Threads = 64;

    private const string Source = """
        struct Call { float* target; int count; };

        extern "C" __global__ void reverse(Call call)
        {
            __shared__ float values[64];
            values[threadIdx.x] = call.target[threadIdx.x];
            __syncthreads();
            call.target[threadIdx.x] = values[63 - threadIdx.x];
        }

        extern "C" __global__ void sum_of_warp(Call call)
        {
            float value = call.target[threadIdx.x];
            for (int mask = 16; mask > 0; mask /= 2)
                value += __shfl_xor_sync(0xffffffff, value, mask);
            call.target[threadIdx.x] = value;
        }

        extern "C" __global__ void wait_for_half(Call call)
        {
            if (threadIdx.x % 2 == 0)
                __syncthreads();
            else
                call.target[0] = __shfl_xor_sync(0xffffffff, 1.0f, 1);
        }
        """;

    [Fact]
    public void ThreadsMeetAtBarriers()
    {
        float[] numbers = [.. Enumerable.Range(0, Threads).Select(i => (float)i)];
        Launch("reverse", numbers);
        Assert.Equal(Enumerable.Range(0, Threads).Reverse().Select(i => (float)i), numbers);
    }

    [Fact]
    public void LanesExchangeNumbers()
    {
        float[] numbers = [.. Enumerable.Range(0, Threads).Select(i => (float)i)];
        Launch("sum_of_warp", numbers);
        Assert.Equal(Enumerable.Repeat(496f, 32).Concat(Enumerable.Repeat(1520f, 32)), numbers);
    }

    [Fact]
    public void ThreadsThatWaitForEachOtherFailTheLaunch()
    {
        CudaException error = Assert.Throws<CudaException>(() => Launch("wait_for_half", new float[Threads]));
        Assert.Equal("CUDA's driver could not launch a kernel: unspecified launch failure (error 719).", error.Message);
    }

    [Fact]
    public void NamesAKernelThatIsMissing()
    {
        CudaException error = Assert.Throws<CudaException>(() => Launch("absent", new float[Threads]));
        Assert.Equal("CUDA's driver could not find the kernel absent: named symbol not found (error 500).", error.Message);
    }

    [Fact]
    public void RefusesWhatIsNoImage()
    {
        Assert.Null(CudaDevice.TryOpen(EmulatedCuda.Driver, 0, out CudaDevice? device));
        CudaException error = Assert.Throws<CudaException>(() => new CudaModule(device!, new byte[64]));
        Assert.Equal("CUDA's driver could not load the compiled kernels: device kernel image is invalid (error 200).", error.Message);
    }

    private static void Launch(string entry, float[] numbers)
    {
        Assert.Null(CudaDevice.TryOpen(EmulatedCuda.Driver, 0, out CudaDevice? device));
        Assert.Null(Nvrtc.TryLoad(EmulatedCuda.Compiler, out Nvrtc? compiler));
        Assert.Null(compiler!.TryCompile(Source, [$"--gpu-architecture={device!.Architecture}"], out byte[]? image));
        fixed (float* target = numbers)
        {
            new CudaModule(device, image!).Launch(entry, new KernelGrid(1), Threads, new Call((nint)target, numbers.Length), stream: 0);
        }
    }

    private readonly record struct Call(nint Target, int Count);
}
