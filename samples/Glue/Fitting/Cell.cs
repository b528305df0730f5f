using System.Diagnostics;
using Glue.Data;
using Glue.Output;
using Lorta.Training;

namespace Glue.Fitting;

/// <summary>A training among others, whose report is a file. While that is not there a run of it goes on from its state; once it is, nothing is trained again.</summary>
/// <param name="Folder">Where the report is, <c>NAME.json</c>, and the state while it runs.</param>
/// <param name="Name">The cell's name.</param>
/// <param name="Model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
/// <param name="Rows">The task and its rows.</param>
/// <param name="Settings">How it is trained.</param>
internal sealed record Cell(string Folder, string Name, string Model, LabelledData Rows, FineTuneSettings Settings)
{
    private string ReportFile => Path.Combine(Folder, Name + ".json");

    private string StateFile => Path.Combine(Folder, Name + ".state.safetensors");

    /// <summary>Reads the report, or trains and writes it.</summary>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="cancellation">Stops it; the state is written first.</param>
    /// <param name="stopWhen">Says after each epoch whether the run ends there; null for never.</param>
    /// <exception cref="InputException">The report that is there is of other settings.</exception>
    /// <exception cref="DivergedException">It diverged; its state is gone.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, and the next call goes on from its state.</exception>
    public RunReport Run(bool quiet, CancellationToken cancellation, Func<IReadOnlyList<EpochRecord>, bool>? stopWhen = null)
    {
        RunReport report = File.Exists(ReportFile) ? Finished() : Train(quiet ? null : Name, cancellation, stopWhen);
        File.Delete(StateFile);
        return report;
    }

    private RunReport Finished()
    {
        var report = RunReport.Read(ReportFile);
        return report.Difference(Rows, Model, Settings) is { } difference
            ? throw new InputException($"{ReportFile} was trained with other settings ({difference}): name another folder with --out, or delete it.")
            : report;
    }

    private RunReport Train(string? title, CancellationToken cancellation, Func<IReadOnlyList<EpochRecord>, bool>? stopWhen)
    {
        var clock = Stopwatch.StartNew();
        Directory.CreateDirectory(Folder);
        FineTuneSettings settings = Settings with { Options = Settings.Options with { StateFile = StateFile } };
        try
        {
            using FineTunedModel trained = FineTunedModel.Train(Model, Rows, settings, title, cancellation, stopWhen: stopWhen);
            var report = RunReport.Of(Rows, Model, settings, trained, clock.Elapsed);
            report.Write(ReportFile);
            return report;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"Stopped; the same command goes on from {StateFile}.", e);
        }
        catch (DivergedException e)
        {
            File.Delete(StateFile);
            throw new DivergedException($"{Name} diverged at step {e.Step}: give it lower rates.", e.Step);
        }
    }
}
