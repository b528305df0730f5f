using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;

namespace Lorta.Benchmarks;

/// <summary>What an adapter adds to the frozen base's training step and inference.</summary>
internal static class OverheadBenchmark
{
    private const double Tolerance = 0.01;

    private static readonly (ModelSize Size, int Rows, int Tokens, int[] Ranks)[] Cases =
    [
        (ModelSize.RobertaBase, 8, 128, [4, 8]),
        (ModelSize.RobertaBase, 32, 32, [8]),
        (ModelSize.RobertaBase, 2, 512, [8]),
        (ModelSize.MiniLM, 32, 32, [8]),
        (ModelSize.RobertaLarge, 4, 128, [8]),
    ];

    public static void Run(RunOptions options, Report report)
    {
        foreach ((ModelSize size, int rows, int tokens, int[] ranks) in options.Quick ? [(ModelSize.Tiny, 2, 8, [4])] : Cases)
        {
            if (!options.Wants(Workload.NameOf(size, rows, tokens)))
            {
                continue;
            }

            using var work = new Workload(size, rows, tokens);
            Pairs check = Pairs.Measure(work.FloorStep, work.FloorStep, options.Pairs);
            check.AddTo(report, $"floor/{work.Name}");
            Row row = Row.Of("", check.Wall, "ratio");
            if (!options.Quick && Math.Abs(row.Median - 1) > Tolerance)
            {
                report.Note($"The floor against itself is off 1 by more than {Tolerance}: the ratios below are void. Use more pairs or a quieter machine.");
            }

            foreach (int rank in ranks)
            {
                using var adapter = LortaAdapter.Attach(work.Model, new LortaOptions { Rank = rank });
                Pairs.Measure(work.FloorStep, work.TrainingStep(adapter), options.Pairs).AddTo(report, $"train-step/{work.Name}/r{rank}");
                string inference = $"inference/{work.Name}/r{rank}";
                Pairs.Measure(work.Infer, work.Inference(adapter), options.Pairs).AddTo(report, inference + "/unmerged");
                MergedPairs(size, work, options.Pairs).AddTo(report, inference + "/merged");
            }
        }
    }

    /// <summary>A merged model is another with the base's work: both stand side by side, so that they can take turns.</summary>
    private static Pairs MergedPairs(ModelSize size, Workload work, int count)
    {
        using var merged = new Workload(size, work.Rows, work.Tokens);
        using var adapter = LortaAdapter.Attach(merged.Model, new LortaOptions());
        adapter.Merge();
        return Pairs.Measure(work.Infer, merged.Inference(adapter), count);
    }
}
