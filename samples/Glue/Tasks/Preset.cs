using Glue.Data;

namespace Glue.Tasks;

/// <summary>The settings that the paper trained one task with (Table 3), and what it keeps the same for all.</summary>
internal sealed record Preset(int Rank, int MaxLength, int Batch, int Epochs, double HeadRate, double LortaRate)
{
    public const double Alpha = 1; // what the authors' script for GLUE sets
    public const double HeadWeightDecay = 0.1; // on the classifier's weights, not its biases; none on the adapter
    public const double WarmUp = 0.06;
    public const double ClipNorm = 1000;

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

    /// <exception cref="InputException">There is no such preset, or the paper did not train that task.</exception>
    public static Preset Find(string name, string task)
    {
        if (!Table3.TryGetValue(name, out var row))
        {
            throw new InputException($"--preset {name}: no such preset; use {string.Join(" or ", Table3.Keys)}.");
        }

        int column = Array.IndexOf(Tasks, task);
        return column >= 0
            ? new Preset(row.Rank, row.MaxLength, row.Batch, row.Epochs[column], row.HeadRates[column], row.LortaRates[column])
            : throw new InputException($"--preset {name}: the paper has no settings for {task}, only for {string.Join(", ", Tasks)}.");
    }
}
