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
                    FineTuneSettings settings = method.Apply(task.Settings);
                    settings = settings with { Options = settings.Options with { Seed = seed, BestMetric = task.Task.MainMetric, SaveEvery = saveEvery } };
                    var cell = new Cell(Folder, $"{task.Task.Name}-{method.Label}-{seed}", Model, rows, settings);
                    reports[(task.Task.Name, method.Label, seed)] = cell.Run(quiet, cancellation);
                }
            }
        }

        return reports;
    }
}
