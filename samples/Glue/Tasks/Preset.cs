using Glue.Data;
using Glue.Fitting;
using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Tasks;

/// <summary>The settings that the paper trained with (Table 3).</summary>
internal static class Preset
{
    private static readonly string[] Tasks = ["sst-2", "mrpc", "cola", "qnli", "rte", "sts-b"];

    private static readonly Dictionary<string, (int Rank, int MaxLength, int Batch, int[] Epochs, double[] HeadRates, double[] LortaRates)> Table3 = new()
    {
        // tasks:                            sst-2  mrpc  cola  qnli   rte  sts-b
        ["roberta-base"] = (4, 512, 64,
            /* epochs */                    [60,    30,   80,   25,    160,  80],
            /* head */                      [4e-3,  4e-3, 1e-2, 4e-3,  1e-2, 1e-2],
            /* LoRTA */                     [4e-3,  1e-2, 1e-2, 1e-2,  4e-3, 5e-2]),
        ["roberta-large"] = (8, 128, 32,
            /* epochs */                    [10,    40,   40,   20,    40,   20],
            /* head */                      [6e-3,  3e-3, 6e-3, 2e-4,  2e-3, 2e-3],
            /* LoRTA */                     [1e-2,  1e-2, 1e-2, 1e-2,  2e-2, 2e-2]),
    };

    /// <summary>The settings for a task; what the table leaves open is as the authors' script for GLUE sets it.</summary>
    /// <exception cref="InputException">There is no such preset, or the paper did not train that task.</exception>
    public static FineTuneSettings Find(string name, string task)
    {
        if (!Table3.TryGetValue(name, out var row))
        {
            throw new InputException($"--preset {name}: no such preset; use {string.Join(" or ", Table3.Keys)}.");
        }

        int column = Array.IndexOf(Tasks, task);
        if (column < 0)
        {
            throw new InputException($"--preset {name}: the paper has no settings for {task}, only for {string.Join(", ", Tasks)}.");
        }

        var options = new FineTuningOptions
        {
            Epochs = row.Epochs[column],
            BatchSize = row.Batch,
            AdapterRate = row.LortaRates[column],
            HeadRate = row.HeadRates[column],
            HeadWeightDecay = 0.1,
            Schedule = new(ScheduleShape.Linear, 0.06),
            MaxGradientNorm = 1000,
        };
        return new FineTuneSettings(new LortaOptions { Rank = row.Rank, Alpha = 1, Start = LortaStart.Paper }, options, row.MaxLength);
    }
}
