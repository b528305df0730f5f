using System.CommandLine;
using Glue.Fitting;

namespace Glue.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    public const int DefaultSeed = 1;

    public static Option<int?> Seed() => CheckedOption.WholeNumber("--seed", $"Fixes everything random [default: {DefaultSeed}].", 0);

    public static Option<bool> Quiet() => new("--quiet") { Description = "Show no progress." };

    public static Option<string?> Json() => new("--json") { Description = "Write the numbers to this file as JSON.", HelpName = "FILE" };

    public static Option<string> Trained() => new("--adapter")
    {
        Description = "The folder that train wrote with --out.",
        Required = true,
        HelpName = "DIR",
    };

    public static Option<string> Model() => new("--model")
    {
        Description = "A BERT or RoBERTa checkpoint in a Hugging Face folder; without it, the embedded encoder.",
        DefaultValueFactory = _ => BaseModel.Embedded,
        HelpName = "DIR",
    };

    public static Option<string?> MovedModel() => new("--model")
    {
        Description = "Where the base model is now, if not where train had it.",
        HelpName = "DIR",
    };

    /// <summary>What a trained folder was trained for, with the base model where it is now.</summary>
    public static TrainedTask ReadTask(string folder, string? movedModel)
    {
        TrainedTask task = TrainedFolder.ReadTask(folder);
        return movedModel is null ? task : task with { Model = BaseModel.Absolute(movedModel) };
    }
}
