using System.CommandLine;
using Lorta.Benchmarks.Measuring;
using Lorta.Benchmarks.Workloads;
using Lorta.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Benchmarks;

/// <summary>From the start of a process to the end of its first prediction, with a checkpoint on disk.</summary>
internal static class LoadBenchmark
{
    private const string Command = "first-prediction";

    public static void Run(RunOptions options, Report report)
    {
        ModelSize size = options.Quick ? ModelSize.Tiny : ModelSize.MiniLM;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("lorta-benchmark");
        try
        {
            using (SequenceClassifier model = size.NewModel())
            {
                model.Save(folder.FullName, ["no", "yes"]);
            }

            int runs = options.Quick ? 1 : 7;
            (double Printed, TimeSpan Elapsed)[] starts =
            [
                .. Enumerable.Range(0, runs).Select(_ => OwnProcess.Run(Command, folder.FullName, $"{get_num_threads()}")),
            ];
            report.Add(Row.Of($"load/{size.Name}/first-prediction", starts.Select(start => start.Elapsed.TotalSeconds), "s"));
            report.Add(Row.Of($"load/{size.Name}/first-prediction/cpu-time", starts.Select(start => start.Printed), "s"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A command for a process of its own: loads a model, predicts one row, and prints the CPU time that it took, in seconds.</summary>
    public static Command PredictCommand()
    {
        Argument<string> folder = new("FOLDER");
        Argument<int> threads = new("THREADS");
        var command = new Command(Command) { folder, threads };
        command.Hidden = true;
        command.SetAction(result =>
        {
            set_num_threads(result.GetValue(threads));
            using SequenceClassifier model = SequenceClassifier.Load(result.GetRequiredValue(folder));
            using IDisposable noGrad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            long[] ids = [.. Enumerable.Range(5, 32)];
            model.forward(tensor(ids, [1, ids.Length]), null, null);
            Console.WriteLine(Environment.CpuUsage.TotalTime.TotalSeconds);
        });
        return command;
    }
}
