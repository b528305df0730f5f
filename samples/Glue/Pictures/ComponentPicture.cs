using Glue.Data;
using Glue.Fitting;
using Lorta.Adapters;
using Lorta.Checkpoints;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace Glue.Pictures;

/// <summary>Draws how much each component of a LoRTA adapter weighs in each head, layer and matrix.</summary>
internal static class ComponentPicture
{
    private const int RowHeight = 18;
    private const int Margins = 180;

    /// <summary>Reads an adapter folder, which needs no base for this, and writes a heat map of norms; the components are in the order in which pruning keeps them.</summary>
    /// <exception cref="InputException">The folder holds another method's adapter.</exception>
    /// <exception cref="CheckpointException">The folder is damaged, or the picture can't be written.</exception>
    public static void Write(string folder, string path)
    {
        IReadOnlyList<ComponentNorm> norms = Read(folder);
        int[] components =
        [
            .. norms.GroupBy(norm => norm.Component).OrderByDescending(Norm).Select(component => component.Key),
        ];
        (string Name, IEnumerable<ComponentNorm> Norms)?[] rows =
        [
            .. Rows(norms, norm => norm.Head, head => $"head {head + 1}"),
            null,
            .. Rows(norms, norm => norm.Layer, layer => $"layer {layer + 1}"),
            null,
            .. Rows(norms, norm => norm.Matrix, matrix => $"{matrix}".ToLowerInvariant()),
        ];
        var intensities = new double[rows.Length, components.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            for (int column = 0; column < components.Length; column++)
            {
                // A row without a name is a gap.
                intensities[row, column] = rows[row] is { } named ? Norm(named.Norms.Where(norm => norm.Component == components[column])) : double.NaN;
            }
        }

        Picture.Write(Draw(intensities, [.. rows.Select(row => row?.Name ?? "")], components), path, height: Margins + (RowHeight * rows.Length));
    }

    private static IReadOnlyList<ComponentNorm> Read(string folder)
    {
        using AdapterFolder stored = AdapterFolder.Open(folder);
        AdapterMethod method = AdapterMethods.Read(stored.Config);
        if (method is not LortaOptions)
        {
            throw new InputException($"{folder} holds an adapter of {method.Name}: --picture draws the components of LoRTA's.");
        }

        using var sizes = new AttentionSizes(AttentionSizes.Of(stored.Config));
        using Adapter adapter = Adapter.Load(sizes, folder);
        return LortaPruning.HeadNorms((LortaAdapter)adapter);
    }

    private static IEnumerable<(string Name, IEnumerable<ComponentNorm> Norms)?> Rows<T>(
        IEnumerable<ComponentNorm> norms, Func<ComponentNorm, T> by, Func<T, string> name) =>
        norms.GroupBy(by).OrderBy(group => group.Key).Select(group => ((string, IEnumerable<ComponentNorm>)?)(name(group.Key), group));

    private static double Norm(IEnumerable<ComponentNorm> parts) => Math.Sqrt(parts.Sum(part => part.Norm * part.Norm));

    private static Plot Draw(double[,] intensities, string[] rows, int[] components)
    {
        var plot = new Plot();
        Heatmap map = plot.Add.Heatmap(intensities);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        plot.Add.ColorBar(map).Label = "norm of what it adds";
        // The first row is drawn at the top.
        plot.Axes.Left.TickGenerator = new NumericManual([.. rows.Select((_, row) => (double)(rows.Length - 1 - row))], rows);
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. components.Select((_, column) => (double)column)], [.. components.Select(component => $"{component + 1}")]);
        plot.Axes.Margins(0, 0);
        plot.HideGrid();
        plot.XLabel("component, the largest first");
        return plot;
    }
}
