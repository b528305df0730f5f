using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lorta.Training;

/// <summary>What decides a run's numbers, by names that its user knows: a state is gone on from only with the same.</summary>
internal static class RunSettings
{
    public static IReadOnlyDictionary<string, string> Of(Trainer trainer)
    {
        TrainingOptions options = trainer.Options;
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["number of epochs"] = Text(options.Epochs),
            ["learning rate schedule"] = options.Schedule.Shape.ToString(),
            ["warm-up ratio"] = Text(options.Schedule.WarmupRatio),
            ["beta 1"] = Text(options.Beta1),
            ["beta 2"] = Text(options.Beta2),
            ["epsilon"] = Text(options.Epsilon),
            ["highest gradient norm"] = Text(options.MaxGradientNorm),
            ["micro-batch size"] = Text(options.MicroBatchSize),
            ["seed"] = Text(options.Seed),
            ["machine's rank"] = Text(options.Rank),
            ["number of machines"] = Text(options.World),
            ["best metric"] = options.BestMetric is { } metric ? $"the {(options.LowerIsBetter ? "lowest" : "highest")} {metric}" : "none",
            ["patience"] = Text(options.Patience),
            ["order of batches"] = trainer.Order.Description,
        };
        foreach (ParameterGroup group in trainer.Groups)
        {
            settings[$"learning rate of {group.Name}"] = Text(group.LearningRate);
            settings[$"weight decay of {group.Name}"] = Text(group.WeightDecay);
            settings[$"list of parameters of {group.Name}"] = ListOf(group);
        }

        foreach ((string name, string value) in options.Settings)
        {
            if (!settings.TryAdd(name, value))
            {
                throw new TrainingException($"A run has a setting of its own that is called {name}: give the one in Settings another name.");
            }
        }

        return settings;
    }

    // A hash, because a whole model's names would make no sentence.
    private static string ListOf(ParameterGroup group)
    {
        IEnumerable<string> lines = group.Parameters.Select(p => $"{p.Name} [{string.Join(", ", p.Parameter.shape)}] {p.Parameter.dtype}\n");
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
        return $"{group.Parameters.Count} tensors of {group.Parameters.Sum(p => p.Parameter.numel())} numbers ({hash[..16]})";
    }

    private static string Text<T>(T? value)
        where T : IFormattable => value?.ToString(null, CultureInfo.InvariantCulture) ?? "none";

    private static string Text<T>(T? value)
        where T : struct, IFormattable => value?.ToString(null, CultureInfo.InvariantCulture) ?? "none";
}
