using System;
using System.Globalization;

namespace Lorta.Generators.Models;

/// <summary>A model's sizes, where the source says them.</summary>
/// <param name="Layers">L.</param>
/// <param name="Heads">H.</param>
/// <param name="HeadWidth">Rows of a head.</param>
/// <param name="Width">d.</param>
internal sealed record ModelSizes(int Layers, int Heads, int HeadWidth, int Width)
{
    /// <summary>How many numbers an adapter trains, as a constant expression of C#.</summary>
    public static string Expression(AdapterSettings settings, Matrices found, ModelSizes? sizes) =>
        Write(settings, found, sizes, (name, size) => size?.ToString(CultureInfo.InvariantCulture) ?? name);

    /// <summary>How many numbers an adapter trains.</summary>
    public long Count(AdapterSettings settings, Matrices found)
    {
        bool heads = (settings.Modes & Modes.Heads) != 0, layers = (settings.Modes & Modes.Layers) != 0, qkvp = (settings.Modes & Modes.Qkvp) != 0;
        long matrices = MatrixCount(settings, found);
        long tensorsOfLayers = layers ? 1 : Layers, tensorsOfMatrices = qkvp ? 1 : matrices;
        long each = Width + (heads ? HeadWidth + Heads : (long)Heads * HeadWidth);
        return settings.Rank * ((tensorsOfLayers * tensorsOfMatrices * each)
            + (layers ? tensorsOfMatrices * Layers : 0)
            + (qkvp ? tensorsOfLayers * matrices : 0));
    }

    /// <summary>How many of the four matrices get an update.</summary>
    public static int MatrixCount(AdapterSettings settings, Matrices found)
    {
        int count = 0;
        for (var left = (int)(settings.Targets & found); left != 0; left &= left - 1)
        {
            count++;
        }

        return count;
    }

    private static string Write(AdapterSettings settings, Matrices found, ModelSizes? sizes, Func<string, int?, string> write)
    {
        bool heads = (settings.Modes & Modes.Heads) != 0, layers = (settings.Modes & Modes.Layers) != 0, qkvp = (settings.Modes & Modes.Qkvp) != 0;
        string d = write("d", sizes?.Width), h = write("H", sizes?.Heads), hw = write("d/H", sizes?.HeadWidth), l = write("L", sizes?.Layers);
        (d, l) = sizes is null ? (d, l) : (d + "L", l + "L"); // as long, so that no product overflows
        string m = MatrixCount(settings, found).ToString(CultureInfo.InvariantCulture);
        string each = heads ? $"{d} + {hw} + {h}" : sizes is null ? "d + d" : $"{d} + ({h} * {hw})";
        string terms = layers && qkvp ? each
            : layers ? $"({m} * ({each}))"
            : qkvp ? $"({l} * ({each}))"
            : $"({l} * {m} * ({each}))";
        terms += layers ? qkvp ? $" + {l}" : $" + ({m} * {l})" : string.Empty;
        terms += qkvp ? layers ? $" + {m}" : $" + ({l} * {m})" : string.Empty;
        return $"{settings.Rank.ToString(CultureInfo.InvariantCulture)} * ({terms})";
    }
}
