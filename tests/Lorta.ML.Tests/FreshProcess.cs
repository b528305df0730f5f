using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.ML;

namespace Lorta.ML.Tests;

/// <summary>What a program does that only references the package: load a model by its file, in a process where no code of Lorta.ML has run.</summary>
internal static class FreshProcess
{
    public const string Command = "load-models";

    /// <summary>Starts this program again to load <paramref name="models"/>; the lines it prints.</summary>
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Load(string[] models)
    {
        if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "Lorta.ML"))
        {
            Console.Error.WriteLine("Lorta.ML was loaded before the model.");
            return 1;
        }

        var mlContext = new MLContext();
        foreach (string model in models)
        {
            ITransformer transformer = mlContext.Model.Load(model, out _);
            Describe(transformer);
        }

        return 0;
    }

    private static void Describe(ITransformer transformer)
    {
        foreach (ITransformer part in transformer is IEnumerable<ITransformer> chain ? chain : [transformer])
        {
            Console.WriteLine(part.GetType().Name);
        }
    }
}
