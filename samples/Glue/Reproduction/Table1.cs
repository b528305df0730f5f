using System.Globalization;
using CsvHelper;
using Glue.Fitting;
using Glue.Output;
using Lorta.Checkpoints;

namespace Glue.Reproduction;

/// <summary>What one run of a cell scored.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Last">The score after the last epoch.</param>
/// <param name="Best">The score after the best epoch.</param>
/// <param name="BestEpoch">Which that is, from 1.</param>
internal sealed record SeedScore(int Seed, double Last, double Best, int BestEpoch);

/// <summary>A method's score on a task over the seeds, after the last epoch.</summary>
/// <param name="Task">The task.</param>
/// <param name="Metric">The score's name.</param>
/// <param name="Median">The median over the seeds.</param>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
/// <param name="Seeds">Each seed's.</param>
/// <param name="Losses">The median of the mean training loss, for each epoch.</param>
internal sealed record TaskScore(
    string Task, string Metric, double Median, double Lowest, double Highest, IReadOnlyList<SeedScore> Seeds, IReadOnlyList<double> Losses);

/// <summary>A row: a method.</summary>
/// <param name="Method">What it is called.</param>
/// <param name="Parameters">How many numbers it trains beside the head, as the paper counts.</param>
/// <param name="Scores">Its scores, task by task.</param>
internal sealed record Table1Row(string Method, long Parameters, IReadOnlyList<TaskScore> Scores)
{
    /// <summary>The mean of the tasks' medians.</summary>
    public double Average => Scores.Average(score => score.Median);
}

/// <summary>The paper's Table 1: what each method scores on each task, and how many numbers it trains for it.</summary>
/// <param name="Model">The base model's name.</param>
/// <param name="Rows">The methods.</param>
internal sealed record Table1(string Model, IReadOnlyList<Table1Row> Rows)
{
    /// <summary>Puts a grid's cells together.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="parameters">How many numbers each method trains beside the head.</param>
    /// <param name="reports">What its cells came to.</param>
    public static Table1 Of(
        Grid grid, IReadOnlyList<long> parameters, IReadOnlyDictionary<(string Task, string Method, int Seed), RunReport> reports) => new(
        BaseModel.Name(grid.Model),
        [
            .. grid.Methods.Zip(parameters, (method, count) => new Table1Row(
                method.Label,
                count,
                [
                    .. grid.Tasks.Select(task => Score(
                        task.Task.Name, task.Task.MainMetric, [.. grid.Seeds.Select(seed => reports[(task.Task.Name, method.Label, seed)])])),
                ])),
        ]);

    /// <summary>Prints it in the paper's layout, in per cent.</summary>
    public void Print() => ResultTable.Print(
        ["method", "trained", .. Rows[0].Scores.Select(score => $"{score.Task} ({score.Metric})"), "average"],
        Rows.Select(row => new[] { row.Method, $"{row.Parameters:N0}" }
            .Concat(row.Scores.Select(Text))
            .Append($"{100 * row.Average:F1}")
            .ToArray()));

    /// <summary>Writes <c>table1.csv</c> and <c>table1.json</c>.</summary>
    /// <exception cref="CheckpointException">A file can't be written.</exception>
    public void Write(string folder)
    {
        AtomicFile.Write(Path.Combine(folder, "table1.csv"), file =>
        {
            using CsvWriter csv = CsvWriter.Create(file, leaveOpen: true);
            csv.WriteRecord([
                "method", "parameters", .. Rows[0].Scores.SelectMany(score => new[] { "median", "lowest", "highest" }.Select(name => $"{score.Task} {name}")), "average",
            ]);
            foreach (Table1Row row in Rows)
            {
                IEnumerable<double> scores = row.Scores.SelectMany(score => new[] { score.Median, score.Lowest, score.Highest }).Append(row.Average);
                csv.WriteRecord([row.Method, $"{row.Parameters}", .. scores.Select(score => score.ToString(CultureInfo.InvariantCulture))]);
            }
        });
        JsonFile.Write(Path.Combine(folder, "table1.json"), RunReport.ToJson(this));
    }

    private static TaskScore Score(string task, string metric, IReadOnlyList<RunReport> reports)
    {
        SeedScore[] seeds =
        [
            .. reports.Select(report => new SeedScore(
                report.Seed, report.Epochs[^1].Metrics[metric], report.Best!.Metrics[metric], report.Best.Epoch)),
        ];
        double[] last = [.. seeds.Select(seed => seed.Last)];
        IEnumerable<double> losses = Enumerable.Range(0, reports.Min(report => report.Epochs.Count))
            .Select(epoch => Median.Of(reports.Select(report => report.Epochs[epoch].Loss!.Value)));
        return new TaskScore(task, metric, Median.Of(last), last.Min(), last.Max(), seeds, [.. losses]);
    }

    private static string Text(TaskScore score) => score.Seeds.Count == 1
        ? $"{100 * score.Median:F1}"
        : $"{100 * score.Median:F1} ({100 * score.Lowest:F1}-{100 * score.Highest:F1})";
}
