using System.CommandLine;
using System.Globalization;
using Lorta.Benchmarks;
using Lorta.Benchmarks.Measuring;
using TorchSharp;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

(string Name, string Description, Action<RunOptions, Report> Run)[] benchmarks =
[
    ("overhead", "What an adapter adds to the frozen base, in training and inference.", OverheadBenchmark.Run),
    ("growth", "How the training step grows with the rank and the number of layers.", GrowthBenchmark.Run),
    ("serving", "Batches whose rows have different adapters.", ServingBenchmark.Run),
    ("throughput", "The floor's share of the machine's rate, .NET's share of a step, and tokenizing.", ThroughputBenchmark.Run),
    ("memory", "Peak memory in training, and whether a long run's memory stays as it is.", MemoryBenchmark.Run),
    ("generator", "What the source generator adds to a compilation.", GeneratorBenchmark.Run),
    ("load", "From the start of a process to its first prediction.", LoadBenchmark.Run),
];

Option<int> pairs = new("--pairs") { Description = "How many pairs of floor and candidate make a ratio, at least.", DefaultValueFactory = _ => 11 };
Option<double> seconds = new("--seconds") { Description = "How long pairs are taken for a ratio, at least.", DefaultValueFactory = _ => 20 };
Option<int?> threads = new("--threads") { Description = "Threads that libtorch uses; its own choice where left out." };
Option<bool> quick = new("--quick") { Description = "Only shows that everything runs: tiny sizes, three pairs." };
Option<string> only = new("--only") { Description = "Only workloads whose name contains this, such as roberta-base/8x128.", DefaultValueFactory = _ => "" };
Option<string> data = new("--data") { Description = "A folder with glue/ and reference/tokenizers/, for tokenizing.", DefaultValueFactory = _ => "../shared" };
Option<FileInfo?> json = new("--json") { Description = "Writes the rows to this file: name, median, min, max, unit." };

var root = new RootCommand("Measures what adapters cost over the model without them. Every figure is a ratio of two steps that alternate in this process, or says its unit.");
foreach ((string name, string description, Action<RunOptions, Report> run) in benchmarks)
{
    root.Add(NewCommand(name, description, [run]));
}

root.Add(MemoryBenchmark.PeakCommand());
root.Add(LoadBenchmark.PredictCommand());
root.Add(NewCommand("all", "All of these.", [.. benchmarks.Select(benchmark => benchmark.Run)]));
return root.Parse(args).Invoke();

Command NewCommand(string name, string description, Action<RunOptions, Report>[] runs)
{
    var command = new Command(name, description) { pairs, seconds, threads, quick, only, data, json };
    command.SetAction(result =>
    {
        if (result.GetValue(threads) is { } count)
        {
            torch.set_num_threads(count);
        }

        bool isQuick = result.GetValue(quick);
        var options = new RunOptions(isQuick ? 3 : result.GetValue(pairs), isQuick ? 0 : result.GetValue(seconds), isQuick, result.GetRequiredValue(only), result.GetRequiredValue(data));
        var report = new Report(Console.Out);
        foreach (Action<RunOptions, Report> run in runs)
        {
            run(options, report);
        }

        report.PrintTable();
        if (result.GetValue(json) is { } file)
        {
            report.WriteJson(file.FullName);
        }
    });
    return command;
}
