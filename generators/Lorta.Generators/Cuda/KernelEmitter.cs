using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

/// <summary>
/// Writes the CUDA C of an adapter's kernels, specialised by rank and modes. The text includes no header, and NVRTC,
/// clang and (with an emulation of CUDA's built-ins) any C++ compiler take it as it is. docs/cuda.md explains it.
/// </summary>
internal static partial class KernelEmitter
{
    /// <summary>The whole source.</summary>
    /// <param name="spec">What it is specialised by.</param>
    public static string Emit(KernelSpec spec)
    {
        SourceWriter writer = new();
        WriteConstants(writer, spec);
        WriteActivations(writer);
        WriteTiles(writer, spec);
        WriteDown(writer, spec);
        WriteUp(writer, spec);
        WriteGradients(writer, spec);
        WriteFactorGradient(writer, spec);
        if (spec.HasCoefficients)
        {
            WriteCoefficientGradient(writer, spec);
        }

        if (!spec.UsesAtomics)
        {
            WriteSumParts(writer);
        }

        if (spec.HasHeads)
        {
            WriteHeadGradient(writer);
        }

        return writer.ToString();
    }

    private static void WriteConstants(SourceWriter writer, KernelSpec spec) => writer.WriteLine($"""
        // LoRTA's update of attention projections{(spec.HasHeads ? ", heads as a mode" : "")}.
        // y += ((x D) * c) U^T, where D and U are factors [width, rank] and c has a number for every rank.
        // LORTA_TYPE chooses the type of activations: 0 float32, 1 float16, 2 bfloat16. All sums are float32.
        // LORTA_RANK is the rank, the annotation's where nothing else is asked for.

        #ifndef LORTA_RANK
        #define LORTA_RANK {spec.Rank}
        #endif

        constexpr int RANK = LORTA_RANK;
        constexpr int WIDEST_SLICE = {KernelSpec.WidestSlice};
        constexpr int SLICES = (RANK + WIDEST_SLICE - 1) / WIDEST_SLICE;   // the rank is worked through in slices that fit the registers
        constexpr int SLICE = (RANK + SLICES - 1) / SLICES;                // the last slice may have less
        constexpr int THREADS = 256;
        constexpr int LANES = 32;
        constexpr int WARPS = THREADS / LANES;
        constexpr int WARP_ROWS = 8;   // rows of a warp; their loads are under way at once
        constexpr int TILE_ROWS = WARPS * WARP_ROWS;
        constexpr int NO_ADAPTER = 0x7fffffff;

        """);

    /// <summary>An entry for each kind of factor: as it is stored, and as the product of heads and columns.</summary>
    private static void WriteEntries(SourceWriter writer, KernelSpec spec, string kernel, string arguments)
    {
        WriteEntry("plain", "false");
        if (spec.HasHeads)
        {
            WriteEntry("heads", "true");
        }

        void WriteEntry(string kind, string heads)
        {
            using (writer.Block($"extern \"C\" __global__ void __launch_bounds__(THREADS) lorta_{kernel}_{kind}({arguments} call)"))
            {
                writer.WriteLine($"{kernel}<{heads}>(call);");
            }

            writer.WriteLine();
        }
    }
}
