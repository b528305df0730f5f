namespace Lorta.Kernels;

/// <summary>Finds NVRTC under the names that libtorch's packages give it.</summary>
internal static class NvrtcSearch
{
    /// <summary>The folders that hold the program's native libraries, libtorch among them, then the CUDA toolkit's.</summary>
    public static IEnumerable<string> Folders()
    {
        string native = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        string[] toolkits = [Environment.GetEnvironmentVariable("CUDA_HOME") ?? "", Environment.GetEnvironmentVariable("CUDA_PATH") ?? ""];
        return
        [
            AppContext.BaseDirectory,
            .. native.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            .. toolkits.Where(folder => folder.Length > 0).SelectMany(folder => new[] { Path.Combine(folder, "lib64"), Path.Combine(folder, "bin") }),
        ];
    }

    /// <summary>
    /// The paths of the compiler in the folders, in their order. libtorch's have a hash in their name
    /// (<c>libnvrtc-08c4863f.so.12</c>), and beside them lies the compiler's own library of built-ins.
    /// </summary>
    public static IEnumerable<string> In(IEnumerable<string> folders)
    {
        string pattern = OperatingSystem.IsWindows() ? "nvrtc64_*.dll" : "libnvrtc*.so*";
        return folders
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal))
            .Where(path => !Path.GetFileName(path).Contains("builtins", StringComparison.Ordinal) && !path.EndsWith(".alt.dll", StringComparison.Ordinal));
    }
}
