using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;

namespace Lorta.Benchmarks;

/// <summary>How the cost of a training step grows with the rank and with the number of layers.</summary>
internal static class GrowthBenchmark
{
    public static void Run(RunOptions options, Report report)
    {
        (ModelSize size, int rows, int tokens) = options.Quick ? (ModelSize.Tiny, 2, 8) : (ModelSize.MiniLM, 32, 32);
        using (var work = new Workload(size, rows, tokens))
        {
            foreach (int rank in (int[])[4, 8, 16, 32])
            {
                Measure(work, rank, $"growth/{work.Name}/r{rank}", options, report);
            }

            if (!options.Quick)
            {
                Measure(work, 64, $"growth/{work.Name}/r64", options, report);
            }
        }

        foreach (int layers in (int[])[6, 12, 24])
        {
            using var work = new Workload(size.WithLayers(layers), rows, tokens);
            Measure(work, 8, $"growth/{work.Name}/r8", options, report);
        }
    }

    private static void Measure(Workload work, int rank, string name, RunOptions options, Report report)
    {
        using var adapter = LortaAdapter.Attach(work.Model, new LortaOptions { Rank = rank });
        Pairs.Measure(work.FloorStep, work.TrainingStep(adapter), options).AddTo(report, name);
    }
}
