using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>
/// Stand-ins for CUDA's driver and NVRTC, built once a process: device memory is host memory, and kernels run on
/// <c>emulation.h</c>.
/// </summary>
internal sealed class EmulatedCuda
{
    private static readonly Lazy<EmulatedCuda> Built = new(() => new());

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta-cuda-").FullName;

    private EmulatedCuda()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(_folder, recursive: true);
        Driver = Build("libcuda", "-DDEVICES=1");
        DriverWithoutDevice = Build("libcuda", "-DDEVICES=0", "-none");
        Compiler = Build("libnvrtc", $"-DEMULATION=\"{Path.Combine(Toolchain.Sources, "emulation.h")}\"");
    }

    /// <summary>The path of a driver with one device.</summary>
    public string Driver { get; }

    /// <summary>The path of a driver without a device.</summary>
    public string DriverWithoutDevice { get; }

    /// <summary>The path of the compiler.</summary>
    public string Compiler { get; }

    /// <summary>The stand-ins; skips the test where there is no g++.</summary>
    public static EmulatedCuda Require()
    {
        Toolchain.Require("g++");
        return Built.Value;
    }

    /// <summary>An environment of the stand-ins, with an empty cache of its own.</summary>
    public KernelEnvironment NewEnvironment() => new()
    {
        DriverPath = Driver,
        CompilerPath = Compiler,
        CacheFolder = Path.Combine(_folder, Path.GetRandomFileName()),
    };

    private string Build(string name, string define, string suffix = "")
    {
        string library = Path.Combine(_folder, $"{name}{suffix}.so");
        string source = Path.Combine(Toolchain.Sources, $"{name}.cpp");
        Toolchain.Run("g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", define, source, "-o", library, "-ldl");
        return library;
    }
}
