using System.CommandLine;
using System.Diagnostics;
using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;
using Lorta.Models;
using TorchSharp;

namespace Lorta.Benchmarks;

/// <summary>
/// Peak memory of training over the floor's, each in a process of its own, and whether a long run's memory stays as it is.
/// </summary>
internal static class MemoryBenchmark
{
    private const string Command = "training-peak";
    private const int Rank = 4;

    private static readonly Training Floor = new("floor", HasAdapter: false);

    private static readonly Training[] Trainings =
    [
        new(""),
        new("/dropout-0.1", Dropout: 0.1),
        new("/gradient-checkpointing", GradientCheckpointing: true),
        new("/bfloat16", BFloat16: true),
    ];

    public static void Run(RunOptions options, Report report)
    {
        (ModelSize size, int rows, int tokens) = options.Quick ? (ModelSize.Tiny, 2, 8) : (ModelSize.RobertaBase, 8, 128);
        int runs = options.Quick ? 1 : 3;
        string workload = Workload.NameOf(size, rows, tokens);
        double[] floors = [.. Enumerable.Range(0, runs).Select(_ => Peak(Floor))];
        report.Add(Row.Of($"floor/{workload}/peak-memory", floors.Select(bytes => bytes / (1 << 20)), "MiB"));
        foreach (Training training in Trainings)
        {
            if (training.BFloat16 && !BFloat16Arithmetic.IsSupportedOn(torch.CPU))
            {
                report.Note($"train-step/{workload}/r{Rank}{training.Name}: left out, as this processor does not compute in bfloat16.");
                continue;
            }

            report.Add(Row.Of($"train-step/{workload}/r{Rank}{training.Name}/peak-memory", floors.Select(floor => Peak(training) / floor), "ratio"));
        }

        MeasureConstancy(options.Quick ? 20 : 10_000, report);

        double Peak(Training training) => OwnProcess.Run(
            Command, size.Name, $"{rows}", $"{tokens}", training.Name, $"{torch.get_num_threads()}").Printed;
    }

    /// <summary>A command for a process of its own: trains a few steps and prints the most memory that it had, in bytes.</summary>
    public static Command PeakCommand()
    {
        Argument<string> size = new("SIZE");
        Argument<int> rows = new("ROWS");
        Argument<int> tokens = new("TOKENS");
        Argument<string> name = new("TRAINING");
        Argument<int> threads = new("THREADS");
        var command = new Command(Command) { size, rows, tokens, name, threads };
        command.Hidden = true;
        command.SetAction(result =>
        {
            torch.set_num_threads(result.GetValue(threads));
            Training training = Trainings.Append(Floor).Single(known => known.Name == result.GetValue(name));
            using var work = new Workload(ModelSize.Named(result.GetRequiredValue(size)), result.GetValue(rows), result.GetValue(tokens), training.BFloat16);
            Action step = work.FloorStep;
            if (training.HasAdapter)
            {
                work.Model.Encoder.GradientCheckpointing = training.GradientCheckpointing;
                step = work.TrainingStep(LortaAdapter.Attach(work.Model, new LortaOptions { Rank = Rank, Dropout = training.Dropout }));
            }

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

    /// <summary>A way of training whose memory is measured.</summary>
    /// <param name="Name">What its row's name has after the rank.</param>
    /// <param name="HasAdapter">Whether it is more than the floor.</param>
    /// <param name="Dropout">The dropout on the adapter's input.</param>
    /// <param name="GradientCheckpointing">Whether layers are computed again in the backward.</param>
    /// <param name="BFloat16">Whether the encoder's numbers are bfloat16.</param>
    private sealed record Training(
        string Name, bool HasAdapter = true, double Dropout = 0, bool GradientCheckpointing = false, bool BFloat16 = false);
}
