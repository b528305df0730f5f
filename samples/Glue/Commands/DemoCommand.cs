using System.CommandLine;
using Glue.Corpus;
using Glue.Fitting;
using Glue.Output;

namespace Glue.Commands;

/// <summary>The main job: three ways to learn the embedded task, side by side.</summary>
internal static class DemoCommand
{
    public static void AddTo(RootCommand root)
    {
        Option<int?> seed = CommonOptions.Seed();
        Option<string> output = new("--out") { Description = "The folder for the adapter.", DefaultValueFactory = _ => Path.Combine("runs", AgreementCorpus.Task.Name), HelpName = "DIR" };
        Option<bool> quiet = CommonOptions.Quiet();
        foreach (Option option in new Option[] { seed, output, quiet })
        {
            root.Add(option);
        }

        root.SetAction((result, cancellation) => Task.Run(() =>
        {
            string folder = result.GetRequiredValue(output);
            Print(Comparison.Run(BaseModel.Embedded, result.GetValue(seed) ?? CommonOptions.DefaultSeed, folder, result.GetValue(quiet), cancellation));
            Console.WriteLine($"The adapter is in {folder}. Give it a sentence:");
            Console.WriteLine($"  dotnet run -c Release --project samples/Glue -- predict --adapter {folder} \"the lamps near the old window is dusty .\"");
        }, CancellationToken.None));
    }

    private static void Print(IReadOnlyList<ComparisonRow> rows) => ResultTable.Print(
        ["method", "accuracy", "numbers trained", "in the head", "adapter file"],
        rows.Select(row => new[]
        {
            row.Name,
            $"{row.Accuracy:P1}",
            $"{row.Trained:N0}",
            $"{row.Head:N0}",
            row.AdapterBytes is { } bytes ? $"{bytes / 1000.0:F1} kB" : "",
        }));
}
