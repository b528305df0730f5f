using System.Runtime.InteropServices;

namespace Lorta.Tests.Cuda;

/// <summary>The emulated device works on the host's memory, and has finished when a launch returns.</summary>
internal static unsafe class SharedMemory
{
    private const int Alignment = 256;

    public static nint Allocate(int size) => (nint)NativeMemory.AlignedAlloc((nuint)size, Alignment);

    public static void Free(nint memory) => NativeMemory.AlignedFree((void*)memory);

    public static void WaitForDevice()
    {
    }
}
