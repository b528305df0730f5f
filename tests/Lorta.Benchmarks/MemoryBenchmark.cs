using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;
using TorchSharp;

namespace Lorta.Benchmarks;

/// <summary>
/// Peak memory of training over the floor's, each in a process of its own, and whether a long run's memory stays as it is.
/// </summary>
internal static class MemoryBenchmark
{
    private const string Command = "training-peak";
    private const int Rank = 4;

    private static readonly double[] Dropouts = [0, 0.1];

    public static void Run(RunOptions options, Report report)
    {
        (ModelSize size, int rows, int tokens) = options.Quick ? (ModelSize.Tiny, 2, 8) : (ModelSize.RobertaBase, 8, 128);
        int runs = options.Quick ? 1 : 3;
        string name = $"train-step/{Workload.NameOf(size, rows, tokens)}/r{Rank}";
        double[] floors = [.. Enumerable.Range(0, runs).Select(_ => Peak(rank: 0, dropout: 0))];
        report.Add(Row.Of($"floor/{Workload.NameOf(size, rows, tokens)}/peak-memory", floors.Select(bytes => bytes / (1 << 20)), "MiB"));
        foreach (double dropout in Dropouts)
        {
            IEnumerable<double> ratios = floors.Select(floor => Peak(Rank, dropout) / floor);
            report.Add(Row.Of(name + (dropout == 0 ? "/peak-memory" : $"/dropout-{dropout}/peak-memory"), ratios, "ratio"));
        }

        MeasureConstancy(options.Quick ? 20 : 10_000, report);

        double Peak(int rank, double dropout) => OwnProcess.Run(
            Command, size.Name, $"{rows}", $"{tokens}", $"{rank}", dropout.ToString(CultureInfo.InvariantCulture), $"{torch.get_num_threads()}").Printed;
    }

    /// <summary>A command for a process of its own: trains a few steps and prints the most memory that it had, in bytes.</summary>
    public static Command PeakCommand()
    {
        Argument<string> size = new("SIZE");
        Argument<int> rows = new("ROWS");
        Argument<int> tokens = new("TOKENS");
        Argument<int> rank = new("RANK") { Description = "0 for the floor." };
        Argument<double> dropout = new("DROPOUT");
        Argument<int> threads = new("THREADS");
        var command = new Command(Command) { size, rows, tokens, rank, dropout, threads };
        command.Hidden = true;
        command.SetAction(result =>
        {
            torch.set_num_threads(result.GetValue(threads));
            using var work = new Workload(ModelSize.Named(result.GetRequiredValue(size)), result.GetValue(rows), result.GetValue(tokens));
            Action step = result.GetValue(rank) == 0 ? work.FloorStep : work.TrainingStep(LortaAdapter.Attach(
                work.Model, new LortaOptions { Rank = result.GetValue(rank), Dropout = result.GetValue(dropout) }));
            for (int i = 0; i < 3; i++)
            {
                step();
            }

            using var process = Process.GetCurrentProcess();
            Console.WriteLine(process.PeakWorkingSet64);
        });
        return command;
    }

    /// <summary>The managed bytes of a step, and what resident memory gains over many.</summary>
    private static void MeasureConstancy(int steps, Report report)
    {
        using var work = new Workload(ModelSize.Tiny, 2, 8);
        using var adapter = LortaAdapter.Attach(work.Model, new LortaOptions { Rank = Rank });
        Action step = work.TrainingStep(adapter);
        var allocated = new List<double>();
        long settled = 0;
        for (int i = 0; i < steps; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            step();
            if (i < steps / 10)
            {
                continue; // caches fill and code is compiled
            }

            settled = settled == 0 ? Resident() : settled;
            allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }

        report.Add(Row.Of($"train-step/{work.Name}/managed-allocations", allocated, "bytes"));
        report.Add(Row.Of($"train-step/{work.Name}/growth-over-{steps}-steps", [(Resident() - settled) / (double)(1 << 20)], "MiB"));
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
