using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;

namespace Glue.Commands;

/// <summary><c>sweep</c>: looks for learning rates.</summary>
internal static class SweepCommand
{
    private const string BestName = "best.json";

    // About half a decade to either side.
    private static readonly decimal[] Factors = [0.3m, 1, 3];

    public static Command Create()
    {
        var data = new DataOptions();
        var fineTune = new FineTuneOptions();
        Option<string> model = CommonOptions.Model();
        Option<double[]> rates = CheckedOption.Numbers("--rates", "Learning rates of what the method trains [default: 0.3, 1 and 3 times --rate].");
        Option<double[]> headRates = CheckedOption.Numbers("--head-rates", "Learning rates of the head [default: 0.3, 1 and 3 times --head-rate].");
        Option<string?> output = new("--out") { Description = "The folder to write; what is there already is not trained again [default: runs/TASK-METHOD-sweep].", HelpName = "DIR" };
        Option<int?> seed = CommonOptions.Seed();
        Option<bool> quiet = CommonOptions.Quiet();
        var command = new Command("sweep", "Look for learning rates: train with every pair of a grid, and stop early what is behind. train --settings takes the best.");
        data.AddTo(command);
        command.Add(model);
        fineTune.AddTo(command);
        foreach (Option option in new Option[] { rates, headRates, output, seed, quiet })
        {
            command.Add(option);
        }

        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            int fixedSeed = result.GetValue(seed) ?? CommonOptions.DefaultSeed;
            LabelledData rows = data.Read(result, fixedSeed);
            FineTuneSettings settings = fineTune.Read(result, rows.Task, fixedSeed);
            string folder = result.GetValue(output) ?? Path.Combine("runs", $"{rows.Task.Name}-{settings.Method.Name}-sweep");
            var sweep = new Sweep(result.GetRequiredValue(model), Path.Combine(folder, "cells"), rows, settings);
            IReadOnlyList<SweepPoint> points = sweep.Run(
                Given(result, rates) ?? Around(settings.Options.AdapterRate),
                Given(result, headRates) ?? Around(settings.Options.HeadRate),
                result.GetValue(quiet),
                cancellation);
            string metric = rows.Task.MainMetric;
            SweepPoint best = points.Where(point => point.Report is not null).MaxBy(point => point.Report!.Best!.Metrics[metric])
                ?? throw new InputException("Every run diverged: give lower --rates and --head-rates.");
            string path = Path.Combine(folder, BestName);
            best.Report!.Write(path);
            ResultTable.Print(["rate", "head rate", metric, "best epoch", "epochs", ""], points.Select(point => Row(point, metric, point == best)));
            Console.WriteLine($"Written to {path}: train with --settings {path}");
        }, CancellationToken.None));
        return command;
    }

    /// <summary>The rates of an option; null where it is left out.</summary>
    private static double[]? Given(ParseResult result, Option<double[]> option) => result.GetValue(option) is { Length: > 0 } rates ? rates : null;

    private static double[] Around(double rate) => [.. Factors.Select(factor => (double)(factor * (decimal)rate)).Distinct()]; // one where the method trains nothing

    private static string[] Row(SweepPoint point, string metric, bool isBest) => point.Report is { Best: { } best } report
        ?
        [
            $"{point.Rate}", $"{point.HeadRate}", $"{best.Metrics[metric]:F4}", $"{best.Epoch}", $"{report.Epochs.Count}",
            isBest ? "best" : point.StoppedEarly ? "stopped early" : "",
        ]
        : [$"{point.Rate}", $"{point.HeadRate}", "", "", "", "diverged"];
}
