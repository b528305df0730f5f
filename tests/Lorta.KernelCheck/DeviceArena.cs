namespace Lorta.KernelCheck;

/// <summary>Memory of the device that is freed together.</summary>
internal sealed class DeviceArena : IDisposable
{
    private readonly List<nint> _memory = [];

    /// <summary>Memory of so many bytes, set to zero.</summary>
    public nint Take(long size)
    {
        nint memory = CudaRuntime.Allocate(size);
        _memory.Add(memory);
        return memory;
    }

    public void Dispose() => _memory.ForEach(CudaRuntime.Free);
}
