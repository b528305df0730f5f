using System.Diagnostics;
using Lorta.Adapters;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;
using Lorta.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Benchmarks;

/// <summary>How much of the machine's own rate of matrix products the floor gets, what .NET takes of a step, and tokenizing.</summary>
internal static class ThroughputBenchmark
{
    private static readonly (string Folder, string Task, int Column)[] Texts =
    [
        ("roberta", "CoLA", 3), ("roberta", "SST-2", 0), ("bert-uncased", "CoLA", 3), ("bert-uncased", "SST-2", 0),
    ];

    public static void Run(RunOptions options, Report report)
    {
        double rate = MeasureProducts(options.Quick ? 3 : 30);
        report.Add(Row.Of("sgemm/1024x768x3072", [rate / 1e9], "GFLOP/s"));
        foreach ((ModelSize size, int rows, int tokens, string name) in options.Quick
            ? [(ModelSize.Tiny, 2, 8, "floor/sgemm-share")]
            : new[] { (ModelSize.RobertaBase, 8, 128, "floor/sgemm-share"), (ModelSize.RobertaBase, 32, 32, "floor/sgemm-share/32x32") })
        {
            MeasureShare(size, rows, tokens, name, options, report);
        }

        MeasureManaged(options.Quick ? ModelSize.Tiny : ModelSize.RobertaBase, options.Quick ? 2 : 8, options.Quick ? 8 : 128, training: true, options, report);
        MeasureManaged(options.Quick ? ModelSize.Tiny : ModelSize.MiniLM, 1, options.Quick ? 8 : 32, training: false, options, report);
        MeasureTokenizers(options, rate, report);
    }

    /// <summary>The best rate of a 1024 x 768 x 3072 product in float32, in FLOP/s.</summary>
    private static double MeasureProducts(int count)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor left = randn(1024, 768), right = randn(768, 3072);
        double flop = 2.0 * 1024 * 768 * 3072;
        return Enumerable.Range(0, count).Max(_ => flop / Seconds(() => left.mm(right).Dispose()));
    }

    /// <summary>FLOP of the floor's layers, forward and input gradients, over its time, as a share of the products' rate beside it.</summary>
    private static void MeasureShare(ModelSize size, int rows, int tokens, string name, RunOptions options, Report report)
    {
        using var work = new Workload(size, rows, tokens);
        double width = size.Config.Width, batch = rows * tokens;
        double linear = 2 * batch * width * (4 * width + 2 * size.Config.IntermediateWidth);
        double attention = 4 * batch * tokens * width;
        double flop = size.Config.Layers * (2 * linear + 3 * attention); // attention's backward has twice the products of its forward
        work.FloorStep();
        report.Add(Row.Of(name, Enumerable.Range(0, options.Pairs).Select(_ => flop / Seconds(work.FloorStep) / MeasureProducts(5)), "share"));
    }

    /// <summary>
    /// The share of a step that is spent outside libtorch: what TorchSharp adds to a native call, times the tensors that a step makes.
    /// </summary>
    private static void MeasureManaged(ModelSize size, int rows, int tokens, bool training, RunOptions options, Report report)
    {
        using var work = new Workload(size, rows, tokens);
        using var adapter = LortaAdapter.Attach(work.Model, new LortaOptions());
        Action step = training ? work.TrainingStep(adapter) : work.Inference(adapter);
        step();
        long before = Created();
        step();
        long tensors = Created() - before;
        report.Add(Row.Of(
            $"managed-share/{work.Name}/{(training ? "train-step" : "inference")}",
            Enumerable.Range(0, options.Pairs).Select(_ => tensors * ManagedCall.Overhead() / Seconds(step)),
            "share"));

        static long Created() => DisposeScopeManager.Statistics.CreatedInScopeCount + DisposeScopeManager.Statistics.CreatedOutsideScopeCount;
    }

    private static void MeasureTokenizers(RunOptions options, double rate, Report report)
    {
        foreach ((string folder, string task, int column) in Texts)
        {
            string tokenizerFolder = Path.Combine(options.Data, "reference", "tokenizers", folder);
            string table = Path.Combine(options.Data, "glue", task, "train.tsv");
            string name = $"tokenize/{folder}/{task.ToLowerInvariant()}";
            if (!Directory.Exists(tokenizerFolder) || !File.Exists(table))
            {
                report.Note($"{name}: left out, as {options.Data} has not both {folder} and {task}. --data names the folder.");
                continue;
            }

            string[] texts = [.. File.ReadLines(table).Select(line => line.Split('\t')[column])];
            texts = options.Quick ? texts[..100] : texts;
            double[] rates =
            [
                .. Enumerable.Range(0, options.Quick ? 1 : 5).Select(_ =>
                {
                    // A new one each time, as what it has seen is remembered.
                    TextTokenizer tokenizer = TextTokenizer.Load(tokenizerFolder);
                    return texts.Length / Seconds(() => Array.ForEach(texts, text => tokenizer.Encode(text)));
                }),
            ];
            report.Add(Row.Of(name, rates, "rows/s"));
            report.Add(Row.Of(name + "/per-sgemm", rates.Select(rows => rows / (rate / 1e9)), "rows/GFLOP"));
        }
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
