using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;
using Lorta.Models;
using TorchSharp;

namespace Lorta.Benchmarks;

/// <summary>What an adapter adds to the frozen base's training step and inference.</summary>
internal static class OverheadBenchmark
{
    private const double Tolerance = 0.01;
    private const int SaversRank = 8;

    private static readonly (ModelSize Size, int Rows, int Tokens, int[] Ranks, bool SavesMemory)[] Cases =
    [
        (ModelSize.RobertaBase, 8, 128, [4, 8], true),
        (ModelSize.RobertaBase, 32, 32, [8], false),
        (ModelSize.RobertaBase, 2, 512, [8], false),
        (ModelSize.MiniLM, 32, 32, [8], false),
        (ModelSize.RobertaLarge, 4, 128, [8], false),
    ];

    public static void Run(RunOptions options, Report report)
    {
        foreach ((ModelSize size, int rows, int tokens, int[] ranks, bool savesMemory) in options.Quick ? [(ModelSize.Tiny, 2, 8, [4], true)] : Cases)
        {
            if (!options.Wants(Workload.NameOf(size, rows, tokens)))
            {
                continue;
            }

            using var work = new Workload(size, rows, tokens);
            Pairs check = Pairs.Measure(work.FloorStep, work.FloorStep, options);
            check.AddTo(report, $"floor/{work.Name}");
            Row row = Row.Of("", check.Wall, "ratio");
            if (!options.Quick && Math.Abs(row.Median - 1) > Tolerance)
            {
                report.Note($"The floor against itself is off 1 by more than {Tolerance}: the ratios below are void. Use more pairs or a quieter machine.");
            }

            foreach (int rank in ranks)
            {
                using var adapter = LortaAdapter.Attach(work.Model, new LortaOptions { Rank = rank });
                Pairs.Measure(work.FloorStep, work.TrainingStep(adapter), options).AddTo(report, $"train-step/{work.Name}/r{rank}");
                string inference = $"inference/{work.Name}/r{rank}";
                Pairs.Measure(work.Infer, work.Inference(adapter), options).AddTo(report, inference + "/unmerged");
                MergedPairs(size, work, options).AddTo(report, inference + "/merged");
            }

            if (savesMemory)
            {
                MeasureSavers(size, work, options, report);
            }
        }
    }

    /// <summary>What the ways to save memory cost in time: over the floor without them.</summary>
    private static void MeasureSavers(ModelSize size, Workload work, RunOptions options, Report report)
    {
        string name = $"train-step/{work.Name}/r{SaversRank}";
        using (var adapter = LortaAdapter.Attach(work.Model, new LortaOptions { Rank = SaversRank }))
        {
            Action step = work.TrainingStep(adapter);
            Pairs.Measure(work.FloorStep, Checkpointed, options).AddTo(report, name + "/gradient-checkpointing");

            void Checkpointed()
            {
                work.Model.Encoder.GradientCheckpointing = true;
                step();
                work.Model.Encoder.GradientCheckpointing = false;
            }
        }

        if (BFloat16Arithmetic.IsSupportedOn(torch.CPU))
        {
            using var half = new Workload(size, work.Rows, work.Tokens, bfloat16: true);
            using var adapter = LortaAdapter.Attach(half.Model, new LortaOptions { Rank = SaversRank });
            Pairs.Measure(work.FloorStep, half.TrainingStep(adapter), options).AddTo(report, name + "/bfloat16");
        }
    }

    /// <summary>A merged model is another with the base's work: both stand side by side, so that they can take turns.</summary>
    private static Pairs MergedPairs(ModelSize size, Workload work, RunOptions options)
    {
        using var merged = new Workload(size, work.Rows, work.Tokens);
        using var adapter = LortaAdapter.Attach(merged.Model, new LortaOptions());
        adapter.Merge();
        return Pairs.Measure(work.Infer, merged.Inference(adapter), options);
    }
}
