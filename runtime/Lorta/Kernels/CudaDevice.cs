using System.Collections.Concurrent;

namespace Lorta.Kernels;

/// <summary>One device in its primary context, which torch works in as well. Kept for the life of the process.</summary>
internal sealed class CudaDevice
{
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;

    private static readonly ConcurrentDictionary<(string? Path, int Ordinal), CudaDevice> Opened = new();

    private readonly nint _context;

    private CudaDevice(CudaDriver driver, int ordinal)
    {
        Driver = driver;
        int device = driver.Device(ordinal);
        Name = driver.DeviceName(device);
        Architecture = $"sm_{driver.DeviceAttribute(device, ComputeCapabilityMajor)}{driver.DeviceAttribute(device, ComputeCapabilityMinor)}";
        _context = driver.RetainPrimaryContext(device);
    }

    /// <summary>The driver.</summary>
    public CudaDriver Driver { get; }

    /// <summary>The device's name as the driver tells it.</summary>
    public string Name { get; }

    /// <summary>What a compiler calls the device's instruction set, such as sm_90.</summary>
    public string Architecture { get; }

    /// <summary>Opens a device.</summary>
    /// <param name="driverPath">The driver's library, or null to ask the system for it.</param>
    /// <param name="ordinal">The device's number, as torch counts.</param>
    /// <param name="device">The device, where the answer is null.</param>
    /// <returns>Null, or why there is none.</returns>
    public static string? TryOpen(string? driverPath, int ordinal, out CudaDevice? device)
    {
        if (Opened.TryGetValue((driverPath, ordinal), out device))
        {
            return null;
        }

        if (CudaDriver.TryLoad(driverPath, out CudaDriver? driver) is string reason)
        {
            return reason;
        }

        int count = driver!.DeviceCount();
        if (ordinal < 0 || ordinal >= count)
        {
            return $"There is no CUDA device {ordinal}: the driver has {count}.";
        }

        device = Opened.GetOrAdd((driverPath, ordinal), _ => new(driver, ordinal));
        return null;
    }

    /// <summary>Makes the device's context this thread's until the result is disposed.</summary>
    public Scope Enter()
    {
        Driver.PushContext(_context);
        return new(Driver);
    }

    /// <summary>A time in which the device's context is this thread's.</summary>
    public readonly ref struct Scope(CudaDriver driver)
    {
        /// <summary>Gives the thread its former context back.</summary>
        public void Dispose() => driver.PopContext();
    }
}
