using Lorta.Kernels;
using TorchSharp;

namespace Lorta.Adapters;

/// <summary>The CUDA kernels that the generator emitted for a model class: any LoRTA adapter of the model may use them, of any rank.</summary>
public sealed record ModelKernels
{
    private readonly Func<int, ActivationType, KernelEnvironment, int?, KernelLoad> _load;
    private readonly LortaModes _modes;

    private ModelKernels(Func<int, ActivationType, KernelEnvironment, int?, KernelLoad> load, LortaModes modes)
    {
        (_load, _modes) = (load, modes);
    }

    /// <summary>The device whose tensors the kernels take. Tests set the CPU, where an emulated driver runs them.</summary>
    internal DeviceType Device { get; init; } = DeviceType.CUDA;

    /// <summary>Where CUDA's libraries and the compiled kernels are.</summary>
    internal KernelEnvironment Environment { get; init; } = KernelEnvironment.Default;

    /// <summary>The kernels of an emitted source.</summary>
    /// <typeparam name="TSource">The source.</typeparam>
    /// <returns>The kernels, of which nothing is compiled before an adapter needs it.</returns>
    public static ModelKernels Of<TSource>()
        where TSource : ILortaKernelSource => new(
            LortaKernels.Load<TSource>,
            (TSource.HasHeads ? LortaModes.Heads : LortaModes.None) | (TSource.HasCoefficients ? LortaModes.Layers | LortaModes.Qkvp : LortaModes.None));

    /// <summary>Loads the kernels for an adapter: once in a process for each device, type and rank.</summary>
    internal KernelLoad Load(int device, ActivationType type, LortaOptions options) => (options.Modes & ~_modes) == LortaModes.None
        ? _load(device, type, Environment, options.Rank)
        : new KernelLoad.Unavailable(
            $"The kernels were emitted for the modes of the model's annotation, which lack {options.Modes & ~_modes} of this adapter: annotate the class with its modes.");
}
