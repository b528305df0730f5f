using Glue.Corpus;
using Glue.Fitting;
using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Tasks;

/// <summary>The settings at which the methods are compared where no preset is named: some epochs on a small encoder, as docs/reproduce.md has them.</summary>
internal static class ShortRun
{
    private const int UsualEpochs = 3;

    private static readonly Dictionary<string, int> Epochs = new() { ["sst-2"] = 2, ["cola"] = 6, ["mrpc"] = 4 };

    /// <summary>The settings for a task, by LoRTA.</summary>
    public static FineTuneSettings Of(string task) => new(
        new LortaOptions(),
        new FineTuningOptions
        {
            Epochs = Epochs.GetValueOrDefault(task, UsualEpochs),
            BatchSize = 32,
            Schedule = new(ScheduleShape.Linear, 0.06),
        },
        MaxLength: task == AgreementCorpus.Task.Name ? null : 128);
}
