using Lorta.Kernels;

namespace Lorta.KernelCheck;

/// <summary>What a check takes from the driver beside the launches: memory, copies and events.</summary>
internal static unsafe class CudaRuntime
{
    private const uint AttachGlobal = 1;

    private static CudaDevice? _device;

    private static CudaDriver Driver => (_device ?? throw new InvalidOperationException("Use a device first.")).Driver;

    /// <summary>Everything that follows happens on this device, whose context is this thread's.</summary>
    public static void Use(CudaDevice device) => _device = device;

    /// <summary>Memory that the device and the host share.</summary>
    public static nint AllocateShared(long size)
    {
        nint memory;
        var allocate = (delegate* unmanaged<nint*, nuint, uint, int>)Driver.Export("cuMemAllocManaged");
        Driver.Check(allocate(&memory, (nuint)size, AttachGlobal), $"allocate {size} bytes");
        return memory;
    }

    /// <summary>Memory of the device, set to zero.</summary>
    public static nint Allocate(long size)
    {
        nint memory;
        var allocate = (delegate* unmanaged<nint*, nuint, int>)Driver.Export("cuMemAlloc_v2");
        Driver.Check(allocate(&memory, (nuint)size), $"allocate {size} bytes");
        Driver.Clear(memory, size / sizeof(float), stream: 0);
        return memory;
    }

    public static void Free(nint memory) =>
        Driver.Check(((delegate* unmanaged<nint, int>)Driver.Export("cuMemFree_v2"))(memory), "free memory");

    public static void Copy(nint target, nint source, long size) => Driver.Check(
        ((delegate* unmanaged<nint, nint, nuint, nint, int>)Driver.Export("cuMemcpyDtoDAsync_v2"))(target, source, (nuint)size, 0), "copy");

    public static void Wait() =>
        Driver.Check(((delegate* unmanaged<nint, int>)Driver.Export("cuStreamSynchronize"))(0), "finish");

    /// <summary>The seconds that the device takes for what is launched between two events.</summary>
    public static double Seconds(Action launch)
    {
        var create = (delegate* unmanaged<nint*, uint, int>)Driver.Export("cuEventCreate");
        var record = (delegate* unmanaged<nint, nint, int>)Driver.Export("cuEventRecord");
        var wait = (delegate* unmanaged<nint, int>)Driver.Export("cuEventSynchronize");
        var elapsed = (delegate* unmanaged<float*, nint, nint, int>)Driver.Export("cuEventElapsedTime");
        var destroy = (delegate* unmanaged<nint, int>)Driver.Export("cuEventDestroy_v2");
        nint start, end;
        Driver.Check(create(&start, 0), "make an event");
        Driver.Check(create(&end, 0), "make an event");
        Driver.Check(record(start, 0), "record an event");
        launch();
        Driver.Check(record(end, 0), "record an event");
        Driver.Check(wait(end), "finish");
        float milliseconds;
        Driver.Check(elapsed(&milliseconds, start, end), "read the time");
        destroy(start);
        destroy(end);
        return milliseconds / 1000;
    }
}
