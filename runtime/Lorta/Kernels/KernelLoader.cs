using System.Collections.Concurrent;

namespace Lorta.Kernels;

/// <summary>From a source to kernels on a device: once for each device in a process, and once for each cache on a disk.</summary>
internal static class KernelLoader
{
    private static readonly ConcurrentDictionary<(Type, int, ActivationType, int, KernelEnvironment), Lazy<KernelLoad>> Loaded = new();

    /// <summary>What <see cref="LortaKernels.Load{TSource}"/> answers.</summary>
    public static KernelLoad Load<TSource>(int device, ActivationType type, int rank, KernelEnvironment environment)
        where TSource : ILortaKernelSource
    {
        Lazy<KernelLoad> load = Loaded.GetOrAdd(
            (typeof(TSource), device, type, rank, environment),
            static key => new(() => Compile<TSource>(key.Item2, key.Item3, key.Item4, key.Item5)));
        return load.Value;
    }

    /// <summary>Past what the process has in memory.</summary>
    public static KernelLoad Compile<TSource>(int ordinal, ActivationType type, int rank, KernelEnvironment environment)
        where TSource : ILortaKernelSource
    {
        try
        {
            return CompileOn<TSource>(ordinal, type, rank, environment);
        }
        catch (CudaException error)
        {
            return new KernelLoad.Unavailable(error.Message);
        }
    }

    private static KernelLoad CompileOn<TSource>(int ordinal, ActivationType type, int rank, KernelEnvironment environment)
        where TSource : ILortaKernelSource
    {
        string? reason = CudaDevice.TryOpen(environment.DriverPath, ordinal, out CudaDevice? device);
        Nvrtc? compiler = null;
        reason ??= Nvrtc.TryLoad(environment.CompilerPath, out compiler);
        if (reason is not null)
        {
            return new KernelLoad.Unavailable(reason);
        }

        string[] options =
        [
            "--std=c++17", $"--gpu-architecture={device!.Architecture}", $"--define-macro=LORTA_TYPE={(int)type}",
            $"--define-macro=LORTA_RANK={rank}",
        ];
        string path = new KernelCache(environment.CacheFolder).PathOf(TSource.Source, options, device.Architecture, compiler!.Version);
        byte[]? image = KernelCache.Read(path);
        bool wasCached = image is not null;
        if (image is null)
        {
            if (compiler.TryCompile(TSource.Source, options, out image) is string log)
            {
                return new KernelLoad.Refused(log);
            }

            KernelCache.Write(path, image!);
        }

        return new KernelLoad.Compiled(LortaKernels.On<TSource>(new CudaModule(device, image!), type, rank), wasCached);
    }
}
