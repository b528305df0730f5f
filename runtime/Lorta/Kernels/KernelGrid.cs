namespace Lorta.Kernels;

/// <summary>The blocks of a launch in each dimension. X may have 2^31 - 1, Y and Z 65,535.</summary>
internal readonly record struct KernelGrid(uint X, uint Y, uint Z)
{
    /// <summary>The most blocks in Y or Z.</summary>
    public const int Limit = 65535;

    public KernelGrid(int x, int y = 1, int z = 1)
        : this(checked((uint)x), checked((uint)y), checked((uint)z))
    {
    }
}
