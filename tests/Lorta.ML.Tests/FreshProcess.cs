using System.Diagnostics;
using System.Globalization;
using Lorta.ML.Tests.Data;
using Microsoft.ML;

namespace Lorta.ML.Tests;

/// <summary>What a program does that only references the package: load models by their files, in a process where no code of Lorta.ML has run.</summary>
internal static class FreshProcess
{
    public const string Command = "score-with-models";

    /// <summary>Starts this program again to score <see cref="Opinion.Rows"/> with <paramref name="models"/>.</summary>
    /// <returns>A line for each model.</returns>
    public static string[] Start(params string[] models)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Command, .. models]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static int Score(string[] models)
    {
        if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "Lorta.ML"))
        {
            Console.Error.WriteLine("Lorta.ML was loaded before the model.");
            return 1;
        }

        var mlContext = new MLContext();
        foreach (string model in models)
        {
            Console.WriteLine(Describe(mlContext, mlContext.Model.Load(model, out _)));
        }

        return 0;
    }

    /// <summary>The scores of some rows, exactly.</summary>
    public static string Describe(MLContext mlContext, ITransformer model)
    {
        IDataView scored = model.Transform(mlContext.Data.LoadFromEnumerable(Opinion.Rows(5, seed: 9)));
        return string.Join(' ', mlContext.Data.CreateEnumerable<Scores>(scored, reuseRowObject: false)
            .SelectMany(row => row.Score)
            .Select(score => score.ToString("R", CultureInfo.InvariantCulture)));
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
