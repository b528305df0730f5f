using System.Runtime.InteropServices;

namespace Lorta.Kernels;

/// <summary>CUDA's run-time compiler, found at run time.</summary>
internal sealed unsafe class Nvrtc
{
    private const int Success = 0;
    private const int CompilationFailed = 6;

    private readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> _create;
    private readonly delegate* unmanaged<nint*, int> _destroy;
    private readonly delegate* unmanaged<nint, int, nint*, int> _compile;
    private readonly delegate* unmanaged<nint, nuint*, int> _logSize;
    private readonly delegate* unmanaged<nint, byte*, int> _log;
    private readonly delegate* unmanaged<nint, nuint*, int> _imageSize;
    private readonly delegate* unmanaged<nint, byte*, int> _image;
    private readonly delegate* unmanaged<int, byte*> _errorString;

    private Nvrtc(nint library)
    {
        _create = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)NativeLibrary.GetExport(library, "nvrtcCreateProgram");
        _destroy = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "nvrtcDestroyProgram");
        _compile = (delegate* unmanaged<nint, int, nint*, int>)NativeLibrary.GetExport(library, "nvrtcCompileProgram");
        _logSize = (delegate* unmanaged<nint, nuint*, int>)NativeLibrary.GetExport(library, "nvrtcGetProgramLogSize");
        _log = (delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(library, "nvrtcGetProgramLog");
        _imageSize = (delegate* unmanaged<nint, nuint*, int>)NativeLibrary.GetExport(library, "nvrtcGetCUBINSize");
        _image = (delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(library, "nvrtcGetCUBIN");
        _errorString = (delegate* unmanaged<int, byte*>)NativeLibrary.GetExport(library, "nvrtcGetErrorString");

        int major, minor;
        var version = (delegate* unmanaged<int*, int*, int>)NativeLibrary.GetExport(library, "nvrtcVersion");
        Check(version(&major, &minor), "tell its version");
        Version = $"{major}.{minor}";
    }

    /// <summary>The compiler's version, such as 12.8.</summary>
    public string Version { get; }

    private static string[] Names => OperatingSystem.IsWindows()
        ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"]
        : ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"];

    /// <summary>Loads the compiler.</summary>
    /// <param name="path">Its path, or null to search for it.</param>
    /// <param name="compiler">The compiler, where the answer is null.</param>
    /// <returns>Null, or why there is none.</returns>
    public static string? TryLoad(string? path, out Nvrtc? compiler)
    {
        compiler = null;
        IEnumerable<string> candidates = path is null ? [.. NvrtcSearch.In(NvrtcSearch.Folders()), .. Names] : [path];
        nint library = 0;
        if (!candidates.Any(candidate => NativeLibrary.TryLoad(candidate, out library)))
        {
            return path is null
                ? "NVRTC, CUDA's run-time compiler, is neither beside libtorch nor installed: install it, or set LORTA_NVRTC to its path."
                : $"NVRTC cannot be loaded from {path}: correct LORTA_NVRTC.";
        }

        try
        {
            compiler = new(library);
            return null;
        }
        catch (EntryPointNotFoundException error)
        {
            return $"NVRTC is older than 11.1, install a newer one: {error.Message}";
        }
    }

    /// <summary>Compiles a source to the machine code of a device.</summary>
    /// <param name="source">CUDA C.</param>
    /// <param name="options">The compiler's options.</param>
    /// <param name="image">The machine code, where the answer is null.</param>
    /// <returns>Null, or what the compiler wrote about the source that it refused.</returns>
    /// <exception cref="CudaException">The compiler failed for another reason.</exception>
    public string? TryCompile(string source, IReadOnlyList<string> options, out byte[]? image)
    {
        image = null;
        nint program;
        nint text = Marshal.StringToCoTaskMemUTF8(source);
        nint[] arguments = [.. options.Select(Marshal.StringToCoTaskMemUTF8)];
        try
        {
            Check(_create(&program, (byte*)text, null, 0, null, null), "take the source");
            try
            {
                int result;
                fixed (nint* first = arguments)
                {
                    result = _compile(program, arguments.Length, first);
                }

                if (result != Success)
                {
                    string log = Log(program);
                    return result == CompilationFailed
                        ? log
                        : throw new CudaException($"NVRTC {Version} cannot compile with {string.Join(' ', options)}: {Describe(result)}. {log}".Trim());
                }

                image = Image(program);
                return null;
            }
            finally
            {
                _destroy(&program);
            }
        }
        finally
        {
            Array.ForEach(arguments, Marshal.FreeCoTaskMem);
            Marshal.FreeCoTaskMem(text);
        }
    }

    private string Log(nint program)
    {
        nuint size;
        Check(_logSize(program, &size), "size its log");
        byte[] log = new byte[size];
        fixed (byte* data = log)
        {
            Check(_log(program, data), "give its log");
            return Marshal.PtrToStringUTF8((nint)data)!.Trim();
        }
    }

    private byte[] Image(nint program)
    {
        nuint size;
        Check(_imageSize(program, &size), "size its code");
        byte[] image = new byte[size];
        fixed (byte* data = image)
        {
            Check(_image(program, data), "give its code");
        }

        return image;
    }

    private void Check(int result, string action)
    {
        if (result != Success)
        {
            throw new CudaException($"NVRTC could not {action}: {Describe(result)}.");
        }
    }

    private string Describe(int result) => Marshal.PtrToStringUTF8((nint)_errorString(result))!;
}
