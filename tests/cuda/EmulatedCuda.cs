using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>
/// Stand-ins for CUDA's driver and NVRTC, built when first asked for: device memory is host memory, and kernels run on
/// <c>emulation.h</c>.
/// </summary>
internal static class EmulatedCuda
{
    /// <summary>The launches that <see cref="FailingDriver"/> lets pass.</summary>
    public const int LaunchesBeforeFailure = 18;

    private static readonly string Folder = Directory.CreateTempSubdirectory("lorta-cuda-").FullName;
    private static readonly Lazy<string> BuiltDriver = new(() => BuildDriver("libcuda", devices: 1, major: 9));
    private static readonly Lazy<string> BuiltDriverWithoutDevice = new(() => BuildDriver("libcuda-none", devices: 0, major: 9));
    private static readonly Lazy<string> BuiltDriverOfNewerDevice = new(() => BuildDriver("libcuda-newer", devices: 1, major: 99));
    private static readonly Lazy<string> BuiltFailingDriver = new(() => BuildDriver("libcuda-failing", devices: 1, major: 9, LaunchesBeforeFailure));
    private static readonly Lazy<string> BuiltCompiler =
        new(() => Build("libnvrtc", "libnvrtc", $"-DEMULATION=\"{Path.Combine(Toolchain.Sources, "emulation.h")}\""));

    static EmulatedCuda() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    /// <summary>The path of a driver with one device, sm_90; skips the test where there is no g++, as all of these do.</summary>
    public static string Driver => Required(BuiltDriver);

    /// <summary>The path of a driver without a device.</summary>
    public static string DriverWithoutDevice => Required(BuiltDriverWithoutDevice);

    /// <summary>The path of a driver with a device that the compiler does not know.</summary>
    public static string DriverOfNewerDevice => Required(BuiltDriverOfNewerDevice);

    /// <summary>The path of a driver whose device fails after some launches.</summary>
    public static string FailingDriver => Required(BuiltFailingDriver);

    /// <summary>The path of the compiler, which knows sm_80 and sm_90.</summary>
    public static string Compiler => Required(BuiltCompiler);

    /// <summary>An environment of the stand-ins, with an empty cache of its own.</summary>
    public static KernelEnvironment NewEnvironment() => new()
    {
        DriverPath = Driver,
        CompilerPath = Compiler,
        CacheFolder = Path.Combine(Folder, Path.GetRandomFileName()),
    };

    private static string Required(Lazy<string> library)
    {
        Toolchain.Require("g++");
        return library.Value;
    }

    private static string BuildDriver(string name, int devices, int major, int launches = int.MaxValue) =>
        Build("libcuda", name, $"-DDEVICES={devices}", $"-DMAJOR={major}", $"-DLAUNCHES={launches}");

    private static string Build(string source, string name, params string[] defines)
    {
        string library = Path.Combine(Folder, $"{name}.so");
        string path = Path.Combine(Toolchain.Sources, $"{source}.cpp");
        Toolchain.Run("g++", ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", .. defines, path, "-o", library, "-ldl"]);
        return library;
    }
}
