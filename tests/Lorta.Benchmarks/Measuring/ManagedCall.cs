using System.Diagnostics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Lorta.Benchmarks.Measuring;

/// <summary>What TorchSharp adds to a native call: the same operation through it and straight at the native library.</summary>
internal static unsafe class ManagedCall
{
    private const int Calls = 20_000;

    private static readonly nint Library = NativeLibrary.Load("LibTorchSharp", typeof(Tensor).Assembly, null);
    private static readonly delegate* unmanaged<nint, nint> Negate = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(Library, "THSTensor_neg");
    private static readonly delegate* unmanaged<nint, void> Free = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(Library, "THSTensor_dispose");

    /// <summary>The seconds of one call that are not the native call's: at least 0.</summary>
    public static double Overhead()
    {
        using Tensor number = zeros(1);
        nint handle = number.Handle;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Calls; i++)
        {
            Free(Negate(handle));
        }

        TimeSpan native = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        using (NewDisposeScope())
        {
            for (int i = 0; i < Calls; i++)
            {
                number.neg();
            }
        }

        TimeSpan managed = Stopwatch.GetElapsedTime(start);
        return Math.Max(0, (managed - native).TotalSeconds / Calls);
    }
}
