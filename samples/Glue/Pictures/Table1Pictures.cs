using Glue.Reproduction;
using ScottPlot;
using ScottPlot.Plottables;

namespace Glue.Pictures;

/// <summary>Draws Table 1.</summary>
internal static class Table1Pictures
{
    /// <summary>Writes <c>table1.png</c>, the scores against trained numbers, and for each task <c>curves-TASK.png</c>, the losses by epoch.</summary>
    public static void Write(Table1 table, string folder)
    {
        Picture.Write(Scores(table), Path.Combine(folder, "table1.png"));
        foreach (string task in table.Rows[0].Scores.Select(score => score.Task))
        {
            Picture.Write(Curves(table, task), Path.Combine(folder, $"curves-{task}.png"));
        }
    }

    private static Plot Scores(Table1 table)
    {
        var plot = new Plot();
        for (int task = 0; task < table.Rows[0].Scores.Count; task++)
        {
            Color color = plot.Add.Palette.GetColor(task);
            (Table1Row Row, TaskScore Score)[] points = [.. table.Rows.Select(row => (row, row.Scores[task]))];
            foreach ((Table1Row row, TaskScore score) in points.Where(point => point.Row.Parameters == 0))
            {
                // A logarithmic axis has no place for nothing.
                plot.Add.HorizontalLine(100 * score.Median, 1, color, LinePattern.Dashed);
            }

            points = [.. points.Where(point => point.Row.Parameters > 0).OrderBy(point => point.Row.Parameters)];
            foreach ((Table1Row row, TaskScore score) in points)
            {
                double x = Math.Log10(row.Parameters);
                plot.Add.Line(x, 100 * score.Lowest, x, 100 * score.Highest).Color = color;
                Text name = plot.Add.Text(row.Method, x, 100 * score.Median);
                (name.LabelFontSize, name.LabelFontColor, name.OffsetX, name.LabelRotation) = (10, color, 6, -30);
            }

            Scatter scatter = plot.Add.ScatterPoints(
                points.Select(point => Math.Log10(point.Row.Parameters)).ToArray(), points.Select(point => 100 * point.Score.Median).ToArray(), color);
            scatter.MarkerSize = 8;
            scatter.LegendText = $"{table.Rows[0].Scores[task].Task} ({table.Rows[0].Scores[task].Metric})";
        }

        Picture.LogarithmicX(plot);
        plot.XLabel("numbers trained beside the head");
        plot.YLabel("score in per cent, last epoch");
        plot.Title($"{table.Model}: median over seeds, with lowest and highest; dashed: head only");
        plot.Axes.Margins(0.15, 0.15);
        plot.ShowLegend(Edge.Right);
        return plot;
    }

    private static Plot Curves(Table1 table, string task)
    {
        var plot = new Plot();
        foreach (Table1Row row in table.Rows)
        {
            IReadOnlyList<double> losses = row.Scores.Single(score => score.Task == task).Losses;
            plot.Add.Scatter(Enumerable.Range(1, losses.Count).Select(epoch => (double)epoch).ToArray(), losses.ToArray()).LegendText = row.Method;
        }

        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.XLabel("epoch");
        plot.YLabel("mean training loss");
        plot.Title($"{table.Model} on {task}: median over seeds");
        plot.ShowLegend(Edge.Right);
        return plot;
    }
}
