using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Lorta.ML.Bases;

/// <summary>The device that the options name.</summary>
internal static class TorchDevice
{
    /// <summary>What stands for a CUDA device where there is one, and else the CPU.</summary>
    public const string Automatic = "auto";

    /// <exception cref="ArgumentOutOfRangeException">The name is no device's, or the machine has no such device.</exception>
    public static Device Parse(IHostEnvironment env, string name)
    {
        int count = cuda.is_available() ? cuda.device_count() : 0;
        if (name == Automatic)
        {
            // The MLContext may choose among several.
            int chosen = ((IHostEnvironmentInternal)env).GpuDeviceId ?? 0;
            return chosen < count ? device($"cuda:{chosen}") : CPU;
        }

        if (name == "cpu")
        {
            return CPU;
        }

        int index = 0;
        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out index) && index >= 0))
        {
            throw env.ExceptUserArg(nameof(LortaFineTuneOptions.Device), $"There is no device '{name}': choose {Automatic}, cpu, cuda or cuda:N.");
        }

        return index < count
            ? device($"cuda:{index}")
            : throw env.ExceptUserArg(
                nameof(LortaFineTuneOptions.Device),
                $"The device '{name}' is not there, libtorch sees {count} CUDA devices: choose {Automatic} or cpu.");
    }
}
