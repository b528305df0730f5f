namespace Lorta.Benchmarks;

/// <summary>How much is measured.</summary>
/// <param name="Pairs">How many pairs of floor and candidate a ratio is the median of, at least.</param>
/// <param name="Seconds">How long pairs are taken for a ratio, at least: quick steps come to more pairs.</param>
/// <param name="Quick">Only shows that the benchmarks run: tiny sizes.</param>
/// <param name="Only">What a workload's name must contain to be measured.</param>
/// <param name="Data">A folder with texts and tokenizers.</param>
internal sealed record RunOptions(int Pairs, double Seconds, bool Quick, string Only, string Data)
{
    /// <summary>Whether a workload was asked for.</summary>
    public bool Wants(string workload) => workload.Contains(Only, StringComparison.OrdinalIgnoreCase);
}
