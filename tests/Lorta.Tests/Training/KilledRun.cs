using System.Diagnostics;
using System.Runtime.CompilerServices;
using Lorta.Training;

namespace Lorta.Tests.Training;

/// <summary>
/// A process of its own that trains <see cref="TinyTask"/>, so that a test can kill it: this very program, which does nothing else
/// where the variable <c>LORTA_KILLED_RUN</c> names a folder.
/// </summary>
internal static class KilledRun
{
    private const string FolderVariable = "LORTA_KILLED_RUN";
    private const string ForwardsVariable = "LORTA_KILLED_RUN_FORWARDS";

    public static TrainingOptions OptionsIn(string folder) => TinyTask.Options with
    {
        Epochs = 50,
        StateFile = Path.Combine(folder, "run.safetensors"),
        SaveEvery = 1,
    };

    /// <summary>Where a run that came to its end leaves the parameters.</summary>
    public static string ParametersIn(string folder) => Path.Combine(folder, "parameters");

    /// <summary>
    /// Starts the process. After so many forwards it only waits to be killed. A line on its output tells that it is under way:
    /// past the slow first forwards, in which all is compiled.
    /// </summary>
    public static Process Start(string folder, int forwards)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(KilledRun).Assembly.Location])
        {
            RedirectStandardOutput = true,
            Environment = { [FolderVariable] = folder, [ForwardsVariable] = forwards.ToString() },
        };
        return Process.Start(start)!;
    }

#pragma warning disable CA2255 // This is a program, not a library.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder)
        {
            return;
        }

        int forwards = int.Parse(Environment.GetEnvironmentVariable(ForwardsVariable)!);
        int forward = 0;
        using var task = new TinyTask();
        task.TrainerOf(OptionsIn(folder), rows =>
        {
            forward++;
            if (forward == 5)
            {
                Console.WriteLine("under way");
            }
            else if (forward > forwards)
            {
                Thread.Sleep(Timeout.Infinite);
            }

            return task.Loss(rows);
        }).Run();
        File.WriteAllBytes(ParametersIn(folder), task.Bytes());
        Environment.Exit(0);
    }
}
