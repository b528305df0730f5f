namespace Lorta.Kernels;

/// <summary>Where CUDA's driver, its run-time compiler and the compiled kernels are.</summary>
public sealed record KernelEnvironment
{
    /// <summary>
    /// What the environment says: <c>LORTA_CUDA_DRIVER</c> and <c>LORTA_NVRTC</c> are paths of libraries,
    /// <c>LORTA_KERNEL_CACHE</c> is a folder.
    /// </summary>
    public static KernelEnvironment Default { get; } = new()
    {
        DriverPath = Variable("LORTA_CUDA_DRIVER"),
        CompilerPath = Variable("LORTA_NVRTC"),
        CacheFolder = Variable("LORTA_KERNEL_CACHE") ?? UserCacheFolder(),
    };

    /// <summary>The path of CUDA's driver library; null to search the system.</summary>
    public string? DriverPath { get; init; }

    /// <summary>The path of NVRTC; null to search beside libtorch, then in the CUDA toolkit and the system.</summary>
    public string? CompilerPath { get; init; }

    /// <summary>The folder that keeps compiled kernels from run to run; made when first needed.</summary>
    public required string CacheFolder { get; init; }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string UserCacheFolder()
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), "lorta", "kernels");
    }
}
