using Glue.Data;
using Glue.Output;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>What a pair of rates came to.</summary>
/// <param name="Rate">The adapter's rate.</param>
/// <param name="HeadRate">The head's.</param>
/// <param name="Report">The run; null where it diverged.</param>
/// <param name="StoppedEarly">Whether it ended before its last epoch.</param>
internal sealed record SweepPoint(double Rate, double HeadRate, RunReport? Report, bool StoppedEarly);

/// <summary>
/// Trains with every pair of rates. After each epoch a run that is behind the others ends, by the median rule (Golovin et al., 2017,
/// section 3.2.2): its best score so far is below the median of what the runs before it scored on average over as many epochs.
/// </summary>
/// <param name="Model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
/// <param name="Folder">Where the runs' files are.</param>
/// <param name="Rows">The task and its rows.</param>
/// <param name="Settings">How it is trained, but for the rates; with the score to compare by.</param>
internal sealed record Sweep(string Model, string Folder, LabelledData Rows, FineTuneSettings Settings)
{
    // Of fewer runs the median would be an accident of their order.
    private const int LeastRuns = 3;

    /// <summary>Trains what is not trained yet.</summary>
    /// <param name="rates">The adapter's rates.</param>
    /// <param name="headRates">The head's.</param>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="cancellation">Stops it; the next call goes on.</param>
    /// <returns>All pairs, in the order of the rates.</returns>
    public IReadOnlyList<SweepPoint> Run(IReadOnlyList<double> rates, IReadOnlyList<double> headRates, bool quiet, CancellationToken cancellation)
    {
        var points = new List<SweepPoint>();
        foreach (double rate in rates)
        {
            foreach (double headRate in headRates)
            {
                RunReport[] before = [.. points.Select(point => point.Report).OfType<RunReport>()];
                FineTuneSettings settings = Settings with { Options = Settings.Options with { AdapterRate = rate, HeadRate = headRate } };
                var cell = new Cell(Folder, $"rate-{rate}-head-{headRate}", Model, Rows, settings);
                points.Add(Train(cell, epochs => IsHopeless(epochs, before)));
            }
        }

        return points;

        SweepPoint Train(Cell cell, Func<IReadOnlyList<EpochRecord>, bool> isHopeless)
        {
            (double rate, double headRate) = (cell.Settings.Options.AdapterRate, cell.Settings.Options.HeadRate);
            try
            {
                RunReport report = cell.Run(quiet, cancellation, isHopeless);
                return new(rate, headRate, report, report.Epochs.Count < Settings.Options.Epochs);
            }
            catch (DivergedException)
            {
                return new(rate, headRate, null, StoppedEarly: false);
            }
        }
    }

    private bool IsHopeless(IReadOnlyList<EpochRecord> epochs, IReadOnlyList<RunReport> before)
    {
        string metric = Settings.Options.BestMetric!;
        double[] averages =
        [
            .. before.Where(report => report.Epochs.Count >= epochs.Count)
                .Select(report => report.Epochs.Take(epochs.Count).Average(epoch => epoch.Metrics[metric])),
        ];
        return averages.Length >= LeastRuns && epochs.Max(epoch => epoch.Metrics[metric]) < Median.Of(averages);
    }
}
