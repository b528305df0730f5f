namespace Lorta.Adapters;

/// <summary>How a CP decomposition is fitted.</summary>
public sealed record CpFitOptions
{
    /// <summary>How many random starts are tried, of which the best counts; at least 1.</summary>
    public int Starts { get; init; } = 5;

    /// <summary>The most sweeps over the five factors from one start; at least 1.</summary>
    public int Sweeps { get; init; } = 1000;

    /// <summary>A start ends where a sweep makes the error smaller by less than this share of it.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Fixes the starts.</summary>
    public long Seed { get; init; }
}
