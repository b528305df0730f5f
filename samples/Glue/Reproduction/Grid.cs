using System.Diagnostics;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Tasks;

namespace Glue.Reproduction;

/// <summary>A task of a grid.</summary>
/// <param name="Task">The task.</param>
/// <param name="Read">Its rows, for a seed.</param>
/// <param name="Settings">How it is trained, but for method and seed.</param>
internal sealed record GridTask(TextTask Task, Func<int, LabelledData> Read, FineTuneSettings Settings);

/// <summary>
/// Every method on every task with every seed. What a cell came to is a file of its own, so that the grid can be stopped at any time
/// and goes on with what is missing; a cell that was stopped goes on from its state.
/// </summary>
/// <param name="Model">The base model's folder, or <see cref="BaseModel.Embedded"/>.</param>
/// <param name="Folder">Where the cells' files are.</param>
/// <param name="Tasks">The tasks.</param>
/// <param name="Methods">The methods.</param>
/// <param name="Seeds">The seeds.</param>
internal sealed record Grid(
    string Model, string Folder, IReadOnlyList<GridTask> Tasks, IReadOnlyList<MethodChoice> Methods, IReadOnlyList<int> Seeds)
{
    /// <summary>How many numbers each method trains beside the head. This attaches them all, so that an option that does not fit is told before hours of training.</summary>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public IReadOnlyList<long> CountParameters()
    {
        GridTask any = Tasks[0];
        using TextClassifier classifier = TextClassifier.Create(BaseModel.Folder(Model), any.Task.Outputs, new HeadOnly(), any.Settings.MaxLength);
        return [.. Methods.Select(Count)];

        long Count(MethodChoice method)
        {
            using Adapter adapter = method.Apply(any.Settings).Method.Attach(classifier.Model, method.Label);
            return adapter.TrainableCount;
        }
    }

    /// <summary>Trains the cells that are missing, seed by seed.</summary>
    /// <param name="quiet">Whether to show no progress.</param>
    /// <param name="saveEvery">Steps between writings of a cell's state within an epoch; null for none.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What each cell came to, by task, method and seed in their order.</returns>
    /// <exception cref="InputException">A cell that is there was made with other settings.</exception>
    public IReadOnlyDictionary<(string Task, string Method, int Seed), RunReport> Run(bool quiet, int? saveEvery, CancellationToken cancellation)
    {
        var reports = new Dictionary<(string, string, int), RunReport>();
        foreach (int seed in Seeds)
        {
            foreach (GridTask task in Tasks)
            {
                LabelledData rows = task.Read(seed);
                foreach (MethodChoice method in Methods)
                {
                    string name = $"{task.Task.Name}-{method.Label}-{seed}";
                    FineTuneSettings settings = method.Apply(task.Settings);
                    settings = settings with
                    {
                        Options = settings.Options with
                        {
                            Seed = seed,
                            BestMetric = task.Task.MainMetric,
                            StateFile = Path.Combine(Folder, name + ".state.safetensors"),
                            SaveEvery = saveEvery,
                        },
                    };
                    reports[(task.Task.Name, method.Label, seed)] = Cell(Path.Combine(Folder, name + ".json"), rows, settings, quiet ? null : name, cancellation);
                }
            }
        }

        return reports;
    }

    private RunReport Cell(string path, LabelledData rows, FineTuneSettings settings, string? title, CancellationToken cancellation)
    {
        RunReport report = File.Exists(path) ? Finished(path, rows, settings) : Train(path, rows, settings, title, cancellation);
        File.Delete(settings.Options.StateFile!);
        return report;
    }

    private RunReport Finished(string path, LabelledData rows, FineTuneSettings settings)
    {
        var report = RunReport.Read(path);
        return report.Settings?.Difference(ReportedSettings.Of(settings, Model, rows.Train.Count)) is { } difference
            ? throw new InputException($"{path} was trained with other settings ({difference}): name another folder with --out, or delete it.")
            : report;
    }

    private RunReport Train(string path, LabelledData rows, FineTuneSettings settings, string? title, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            using FineTunedModel trained = FineTunedModel.Train(Model, rows, settings, title, cancellation);
            var report = RunReport.Of(rows, Model, settings, trained, clock.Elapsed);
            report.Write(path);
            return report;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"Stopped; the same command goes on from {settings.Options.StateFile}.", e);
        }
    }
}
