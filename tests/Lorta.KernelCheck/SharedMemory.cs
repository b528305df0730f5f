using Lorta.KernelCheck;

namespace Lorta.Tests.Cuda;

/// <summary>Memory that the device and the host share.</summary>
internal static class SharedMemory
{
    public static nint Allocate(int size) => CudaRuntime.AllocateShared(size);

    public static void Free(nint memory) => CudaRuntime.Free(memory);

    public static void WaitForDevice() => CudaRuntime.Wait();
}
