namespace Lorta.Benchmarks.Measuring;

/// <summary>One figure of the table.</summary>
/// <param name="Name">What was measured, as a path: kind, model, batch, variant.</param>
/// <param name="Median">The median of the samples.</param>
/// <param name="Min">The smallest sample.</param>
/// <param name="Max">The largest sample.</param>
/// <param name="Unit">The unit of all three: <c>ratio</c> for a candidate over its floor.</param>
internal sealed record Row(string Name, double Median, double Min, double Max, string Unit)
{
    /// <summary>The row of some samples, at least one.</summary>
    public static Row Of(string name, IEnumerable<double> samples, string unit)
    {
        double[] sorted = [.. samples.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new(name, median, sorted[0], sorted[^1], unit);
    }
}
