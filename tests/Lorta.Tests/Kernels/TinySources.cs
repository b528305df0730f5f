using Lorta.Kernels;

namespace Lorta.Tests.Kernels;

internal sealed class Good : ILortaKernelSource
{
    public static int Rank => 1;

    public static bool HasHeads => false;

    public static bool HasCoefficients => false;

    public static bool UsesAtomics => false;

    public static string Source => """
        extern "C" __global__ void fill(int* target, int value) { target[threadIdx.x] = value; }
        """;
}

internal sealed class Other : ILortaKernelSource
{
    public static int Rank => 1;

    public static bool HasHeads => false;

    public static bool HasCoefficients => false;

    public static bool UsesAtomics => false;

    public static string Source => """
        extern "C" __global__ void clear(int* target) { target[threadIdx.x] = 0; }
        """;
}

internal sealed class Broken : ILortaKernelSource
{
    public static int Rank => 1;

    public static bool HasHeads => false;

    public static bool HasCoefficients => false;

    public static bool UsesAtomics => false;

    public static string Source => """
        extern "C" __global__ void fill(int* target) { target[threadIdx.x] = undeclared_name; }
        """;
}
