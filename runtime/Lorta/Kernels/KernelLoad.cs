namespace Lorta.Kernels;

/// <summary>What became of loading an adapter's kernels: one of the three nested records.</summary>
public abstract record KernelLoad
{
    private KernelLoad()
    {
    }

    /// <summary>The kernels are on the device.</summary>
    /// <param name="Kernels">Runs them.</param>
    /// <param name="WasCached">Whether they were compiled by an earlier run.</param>
    public sealed record Compiled(LortaKernels Kernels, bool WasCached) : KernelLoad;

    /// <summary>The compiler refused the source.</summary>
    /// <param name="Log">What it wrote.</param>
    public sealed record Refused(string Log) : KernelLoad;

    /// <summary>There is no device, driver or compiler here, or none that fit each other.</summary>
    /// <param name="Reason">What is missing or has failed, as one sentence.</param>
    public sealed record Unavailable(string Reason) : KernelLoad;
}
