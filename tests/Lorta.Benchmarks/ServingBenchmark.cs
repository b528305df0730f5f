using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;

namespace Lorta.Benchmarks;

/// <summary>Batches whose rows have different adapters, over the base.</summary>
internal static class ServingBenchmark
{
    private const int Rank = 8;

    public static void Run(RunOptions options, Report report)
    {
        (ModelSize size, int rows, int tokens) = options.Quick ? (ModelSize.Tiny, 4, 8) : (ModelSize.RobertaBase, 32, 128);
        using var work = new Workload(size, rows, tokens);
        LortaAdapter[] adapters =
        [
            .. Enumerable.Range(0, rows).Select(index => LortaAdapter.Attach(work.Model, new LortaOptions { Rank = Rank }, $"customer {index}")),
        ];

        // All different; and a few in turns, so that the rows of one do not stand together.
        foreach (int count in (int[])[rows, rows / 4])
        {
            LortaAdapter[] perRow = [.. Enumerable.Range(0, rows).Select(row => adapters[row % count])];
            Pairs.Measure(work.Infer, Mixed, options).AddTo(report, $"inference/{work.Name}/{count}-adapters");

            void Mixed()
            {
                using AdapterScope use = AdapterScope.OfRows(perRow);
                work.Infer();
            }
        }
    }
}
