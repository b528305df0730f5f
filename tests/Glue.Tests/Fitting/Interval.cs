namespace Glue.Tests.Fitting;

/// <summary>The mean of a few runs and its standard error.</summary>
internal sealed record Interval(double Mean, double StandardError)
{
    /// <summary>Two standard errors below the mean.</summary>
    public double Low => Mean - (2 * StandardError);

    /// <summary>Two standard errors above the mean.</summary>
    public double High => Mean + (2 * StandardError);

    public static Interval Of(IEnumerable<double> values)
    {
        double[] runs = [.. values];
        double mean = runs.Average();
        double variance = runs.Sum(run => (run - mean) * (run - mean)) / (runs.Length - 1);
        return new Interval(mean, Math.Sqrt(variance / runs.Length));
    }
}
