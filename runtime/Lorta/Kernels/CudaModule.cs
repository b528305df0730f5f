using System.Collections.Concurrent;

namespace Lorta.Kernels;

/// <summary>Compiled kernels on a device. Kept for the life of the process, as its device is.</summary>
internal sealed class CudaModule
{
    private readonly CudaDevice _device;
    private readonly nint _module;
    private readonly ConcurrentDictionary<string, nint> _functions = new();

    /// <param name="device">Where to load them.</param>
    /// <param name="image">What the compiler made for this device's architecture.</param>
    /// <exception cref="CudaException">The driver refuses the image.</exception>
    public CudaModule(CudaDevice device, byte[] image)
    {
        _device = device;
        using CudaDevice.Scope scope = device.Enter();
        _module = device.Driver.LoadModule(image);
    }

    /// <summary>Launches a kernel whose one parameter is <paramref name="call"/>; does not wait for it.</summary>
    /// <param name="entry">The kernel's name.</param>
    /// <param name="grid">The blocks.</param>
    /// <param name="threads">The threads of a block.</param>
    /// <param name="call">The struct that the kernel takes.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    /// <exception cref="CudaException">There is no such kernel, or the driver refuses the launch.</exception>
    public unsafe void Launch<TCall>(string entry, KernelGrid grid, int threads, in TCall call, nint stream)
        where TCall : unmanaged
    {
        using CudaDevice.Scope scope = _device.Enter();
        nint function = _functions.GetOrAdd(entry, static (name, self) => self._device.Driver.GetFunction(self._module, name), this);
        fixed (TCall* argument = &call)
        {
            _device.Driver.Launch(function, grid, threads, argument, stream);
        }
    }

    /// <summary>Sets float32 numbers to zero.</summary>
    public void Clear(nint memory, long count, nint stream)
    {
        using CudaDevice.Scope scope = _device.Enter();
        _device.Driver.Clear(memory, count, stream);
    }
}
