using System.Diagnostics;

namespace Lorta.Benchmarks.Measuring;

/// <summary>
/// Times two steps against each other in one process. They alternate, and the one that goes first alternates too, so that
/// what slows the machine down for a while slows both. Only ratios come out.
/// </summary>
/// <param name="Wall">Candidate over floor by elapsed time, one for each pair.</param>
/// <param name="Cpu">Candidate over floor by the process's CPU time, one for each pair: steadier on a shared machine.</param>
internal sealed record Pairs(IReadOnlyList<double> Wall, IReadOnlyList<double> Cpu)
{
    /// <summary>Runs both steps once to warm up and then in pairs, for as many and as long as a run asks at least.</summary>
    /// <param name="floor">What the candidate is measured against.</param>
    /// <param name="candidate">What is measured.</param>
    /// <param name="options">How much is measured.</param>
    /// <param name="repeats">How often a step is run for one sample.</param>
    public static Pairs Measure(Action floor, Action candidate, RunOptions options, int repeats = 1)
    {
        floor();
        candidate();
        var wall = new List<double>();
        var cpu = new List<double>();
        var clock = Stopwatch.StartNew();
        for (int pair = 0; pair < options.Pairs || clock.Elapsed.TotalSeconds < options.Seconds; pair++)
        {
            Sample first = Sample.Of(pair % 2 == 0 ? floor : candidate, repeats);
            Sample second = Sample.Of(pair % 2 == 0 ? candidate : floor, repeats);
            (Sample below, Sample above) = pair % 2 == 0 ? (first, second) : (second, first);
            wall.Add(above.Wall / below.Wall);
            cpu.Add(above.Cpu / below.Cpu);
        }

        return new(wall, cpu);
    }

    /// <summary>Adds the ratios by both clocks to a report.</summary>
    public void AddTo(Report report, string name)
    {
        report.Add(Row.Of(name, Wall, "ratio"));
        report.Add(Row.Of(name + "/cpu-time", Cpu, "ratio"));
    }

    private readonly record struct Sample(double Wall, double Cpu)
    {
        public static Sample Of(Action step, int repeats)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                step();
            }

            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            return new(elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        }
    }
}
