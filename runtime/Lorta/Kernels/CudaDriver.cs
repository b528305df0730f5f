using System.Runtime.InteropServices;

namespace Lorta.Kernels;

/// <summary>The functions of CUDA's driver that running a kernel takes, found at run time.</summary>
internal sealed unsafe class CudaDriver
{
    private const int Success = 0;

    private readonly delegate* unmanaged<uint, int> _initialise;
    private readonly delegate* unmanaged<int*, int> _deviceGetCount;
    private readonly delegate* unmanaged<int*, int, int> _deviceGet;
    private readonly delegate* unmanaged<byte*, int, int, int> _deviceGetName;
    private readonly delegate* unmanaged<int*, int, int, int> _deviceGetAttribute;
    private readonly delegate* unmanaged<nint*, int, int> _retainPrimaryContext;
    private readonly delegate* unmanaged<nint, int> _pushContext;
    private readonly delegate* unmanaged<nint*, int> _popContext;
    private readonly delegate* unmanaged<nint*, void*, int> _loadModule;
    private readonly delegate* unmanaged<nint*, nint, byte*, int> _getFunction;
    private readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> _launch;
    private readonly delegate* unmanaged<nint, uint, nuint, nint, int> _fill;
    private readonly delegate* unmanaged<int, byte**, int> _getErrorString;

    private CudaDriver(nint library)
    {
        Library = library;
        _initialise = (delegate* unmanaged<uint, int>)Export("cuInit");
        _deviceGetCount = (delegate* unmanaged<int*, int>)Export("cuDeviceGetCount");
        _deviceGet = (delegate* unmanaged<int*, int, int>)Export("cuDeviceGet");
        _deviceGetName = (delegate* unmanaged<byte*, int, int, int>)Export("cuDeviceGetName");
        _deviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Export("cuDeviceGetAttribute");
        _retainPrimaryContext = (delegate* unmanaged<nint*, int, int>)Export("cuDevicePrimaryCtxRetain");
        _pushContext = (delegate* unmanaged<nint, int>)Export("cuCtxPushCurrent_v2");
        _popContext = (delegate* unmanaged<nint*, int>)Export("cuCtxPopCurrent_v2");
        _loadModule = (delegate* unmanaged<nint*, void*, int>)Export("cuModuleLoadData");
        _getFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Export("cuModuleGetFunction");
        _launch = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Export("cuLaunchKernel");
        _fill = (delegate* unmanaged<nint, uint, nuint, nint, int>)Export("cuMemsetD32Async");
        _getErrorString = (delegate* unmanaged<int, byte**, int>)Export("cuGetErrorString");
    }

    /// <summary>The library's handle.</summary>
    public nint Library { get; }

    private static string[] Names => OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    /// <summary>Loads and initialises the driver.</summary>
    /// <param name="path">The library's path, or null to ask the system for it.</param>
    /// <param name="driver">The driver, where the answer is null.</param>
    /// <returns>Null, or why there is none.</returns>
    public static string? TryLoad(string? path, out CudaDriver? driver)
    {
        driver = null;
        string[] names = path is null ? Names : [path];
        nint library = 0;
        if (!names.Any(name => NativeLibrary.TryLoad(name, out library)))
        {
            return path is null
                ? "CUDA's driver library is not installed."
                : $"CUDA's driver library cannot be loaded from {path}: correct LORTA_CUDA_DRIVER.";
        }

        CudaDriver loaded;
        try
        {
            loaded = new(library);
        }
        catch (EntryPointNotFoundException error)
        {
            return $"CUDA's driver is too old, update it: {error.Message}";
        }

        int result = loaded._initialise(0);
        if (result != Success)
        {
            return $"CUDA's driver does not start: {loaded.Describe(result)}.";
        }

        driver = loaded;
        return null;
    }

    /// <summary>The address of an exported function.</summary>
    public nint Export(string name) => NativeLibrary.GetExport(Library, name);

    public int DeviceCount()
    {
        int count;
        Check(_deviceGetCount(&count), "count the devices");
        return count;
    }

    public int Device(int ordinal)
    {
        int device;
        Check(_deviceGet(&device, ordinal), $"open device {ordinal}");
        return device;
    }

    public string DeviceName(int device)
    {
        const int Length = 256;
        byte* name = stackalloc byte[Length];
        Check(_deviceGetName(name, Length, device), "read the device's name");
        return Marshal.PtrToStringUTF8((nint)name)!;
    }

    /// <summary>An attribute by its number in cuda.h.</summary>
    public int DeviceAttribute(int device, int attribute)
    {
        int value;
        Check(_deviceGetAttribute(&value, attribute, device), "read the device's attributes");
        return value;
    }

    /// <summary>The device's primary context: the one that torch, and all that use CUDA's runtime, work in.</summary>
    public nint RetainPrimaryContext(int device)
    {
        nint context;
        Check(_retainPrimaryContext(&context, device), "open the device's context");
        return context;
    }

    public void PushContext(nint context) => Check(_pushContext(context), "enter the device's context");

    public void PopContext()
    {
        nint context;
        Check(_popContext(&context), "leave the device's context");
    }

    public nint LoadModule(byte[] image)
    {
        nint module;
        fixed (byte* data = image)
        {
            Check(_loadModule(&module, data), "load the compiled kernels");
        }

        return module;
    }

    public nint GetFunction(nint module, string name)
    {
        nint function;
        nint text = Marshal.StringToCoTaskMemUTF8(name);
        try
        {
            Check(_getFunction(&function, module, (byte*)text), $"find the kernel {name}");
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }

        return function;
    }

    /// <summary>Launches a kernel whose one parameter is the struct at <paramref name="argument"/>.</summary>
    public void Launch(nint function, KernelGrid grid, int threads, void* argument, nint stream) =>
        Check(_launch(function, grid.X, grid.Y, grid.Z, (uint)threads, 1, 1, 0, stream, &argument, null), "launch a kernel");

    /// <summary>Sets <paramref name="count"/> numbers of 32 bits to zero.</summary>
    public void Clear(nint memory, long count, nint stream) => Check(_fill(memory, 0, (nuint)count, stream), "clear memory");

    /// <summary>Throws where <paramref name="result"/> is an error.</summary>
    /// <exception cref="CudaException">It is.</exception>
    public void Check(int result, string action)
    {
        if (result != Success)
        {
            throw new CudaException($"CUDA's driver could not {action}: {Describe(result)} (error {result}).");
        }
    }

    private string Describe(int result)
    {
        byte* text;
        return _getErrorString(result, &text) == Success ? Marshal.PtrToStringUTF8((nint)text)! : $"error {result}";
    }
}
