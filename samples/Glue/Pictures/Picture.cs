using Lorta.Checkpoints;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Glue.Pictures;

/// <summary>What all pictures have in common.</summary>
internal static class Picture
{
    private const int Width = 900;
    private const int Height = 600;

    /// <summary>Writes a plot as PNG, whole or not at all.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public static void Write(Plot plot, string path, int width = Width, int height = Height)
    {
        byte[] bytes = plot.GetImageBytes(width, height, ImageFormat.Png);
        AtomicFile.Write(path, file => file.Write(bytes));
    }

    /// <summary>Labels an axis on which logarithms to the base 10 stand by the numbers themselves.</summary>
    public static void LogarithmicX(Plot plot)
    {
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic
        {
            MinorTickGenerator = new LogMinorTickGenerator(),
            IntegerTicksOnly = true,
            LabelFormatter = exponent => $"{Math.Pow(10, exponent):N0}",
        };
        plot.Grid.MinorLineColor = Colors.Black.WithOpacity(.05);
        plot.Grid.MinorLineWidth = 1;
    }
}
