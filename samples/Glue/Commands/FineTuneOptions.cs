using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Tasks;
using Lorta;
using Lorta.Adapters;
using Lorta.Training;

namespace Glue.Commands;

/// <summary>The options that say how a model is fine-tuned. What is not given comes from the preset, or else is the default.</summary>
internal sealed class FineTuneOptions
{
    private static readonly FineTuneSettings Defaults = new();

    private static readonly LortaOptions LortaDefaults = new();

    private readonly Option<string?> _preset = new("--preset")
    {
        Description = "The paper's settings for the task (Table 3): roberta-base or roberta-large.",
        HelpName = "NAME",
    };

    private readonly Option<string> _method = new Option<string>("--method")
    {
        Description = "What is trained beside the head: an adapter (lorta), nothing (head), or the whole base (full).",
        DefaultValueFactory = _ => "lorta",
    }.AcceptOnlyFromAmong("lorta", "head", "full");

    private readonly Option<int?> _rank = new Option<int?>("--rank") { Description = $"Rank of the adapter [default: {LortaDefaults.Rank}].", HelpName = "R" }.AtLeast(1);

    private readonly Option<double?> _alpha = new Option<double?>("--alpha") { Description = $"The update is scaled by alpha / rank [default: {LortaDefaults.Alpha}].", HelpName = "X" }.Within(0);

    private readonly Option<bool> _rankStabilized = new("--rank-stabilized") { Description = "Scale by alpha / sqrt(rank) instead." };

    private readonly Option<string?> _modes = new("--modes") { Description = "A subset of heads,layers,qkvp [default: all three].", HelpName = "LIST" };

    private readonly Option<HeadOrientation> _orientation = new("--orientation") { Description = "Which side of a weight the heads index: paper or reference.", HelpName = "NAME" };

    private readonly Option<double?> _dropout = new Option<double?>("--dropout") { Description = "Dropout on the adapter's input [default: 0].", HelpName = "P" }.Within(0, 0.99);

    private readonly Option<double?> _rate = new Option<double?>("--rate") { Description = "Learning rate of the adapter, or of the base with full [default: 0.01, full 0.00005].", HelpName = "X" }.Within(0);

    private readonly Option<double?> _headRate = new Option<double?>("--head-rate") { Description = $"Learning rate of the head [default: {Defaults.HeadRate}].", HelpName = "X" }.Within(0);

    private readonly Option<double?> _weightDecay = new Option<double?>("--weight-decay") { Description = "Weight decay of the head's weights [default: 0].", HelpName = "X" }.Within(0);

    private readonly Option<ScheduleShape> _schedule = new("--schedule") { Description = "How the rates go after the warm-up: linear, cosine or constant.", DefaultValueFactory = _ => ScheduleShape.Linear, HelpName = "NAME" };

    private readonly Option<double?> _warmUp = new Option<double?>("--warm-up") { Description = "Share of the steps in which the rates rise [default: 0.06].", HelpName = "X" }.Within(0, 1);

    private readonly Option<double?> _clip = new Option<double?>("--clip") { Description = "Norm above which gradients are scaled down [default: never].", HelpName = "X" }.Within(1e-12);

    private readonly Option<int?> _epochs = new Option<int?>("--epochs") { Description = $"Times to go through the rows [default: {Defaults.Epochs}].", HelpName = "N" }.AtLeast(1);

    private readonly Option<int?> _patience = new Option<int?>("--patience") { Description = "Stop after so many epochs without a better score [default: never].", HelpName = "N" }.AtLeast(1);

    private readonly Option<int?> _batch = new Option<int?>("--batch") { Description = $"Rows of a step [default: {Defaults.Batch}].", HelpName = "N" }.AtLeast(1);

    private readonly Option<int?> _microBatch = new Option<int?>("--micro-batch") { Description = "Rows of a forward, where a whole batch needs too much memory.", HelpName = "N" }.AtLeast(1);

    private readonly Option<int?> _maxLength = new Option<int?>("--max-length") { Description = $"Tokens of a row [default: {Defaults.MaxLength}].", HelpName = "N" }.AtLeast(3);

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _preset, _method, _rank, _alpha, _rankStabilized, _modes, _orientation, _dropout, _rate, _headRate, _weightDecay,
            _schedule, _warmUp, _clip, _epochs, _patience, _batch, _microBatch, _maxLength,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The settings for a task.</summary>
    /// <exception cref="InputException">There is no such preset for the task, or a mode is unknown.</exception>
    public FineTuneSettings Read(ParseResult result, TextTask task, int seed)
    {
        FineTuneSettings basis = result.GetValue(_preset) is { } preset ? Preset.Find(preset, task.Name) : Defaults;
        AdapterMethod method = result.GetRequiredValue(_method) switch
        {
            "head" => new HeadOnly(),
            "full" => new FullFineTuning(),
            _ => Lorta(result, (LortaOptions)basis.Method),
        };
        return basis with
        {
            Method = method,
            Rate = result.GetValue(_rate) ?? (method is FullFineTuning ? 5e-5 : basis.Rate),
            HeadRate = result.GetValue(_headRate) ?? basis.HeadRate,
            HeadWeightDecay = result.GetValue(_weightDecay) ?? basis.HeadWeightDecay,
            Schedule = new(result.GetValue(_schedule), result.GetValue(_warmUp) ?? basis.Schedule.WarmupRatio),
            ClipNorm = result.GetValue(_clip) ?? basis.ClipNorm,
            Epochs = result.GetValue(_epochs) ?? basis.Epochs,
            Patience = result.GetValue(_patience),
            Batch = result.GetValue(_batch) ?? basis.Batch,
            MicroBatch = result.GetValue(_microBatch),
            MaxLength = result.GetValue(_maxLength) ?? basis.MaxLength,
            Seed = seed,
        };
    }

    private LortaOptions Lorta(ParseResult result, LortaOptions basis) => basis with
    {
        Rank = result.GetValue(_rank) ?? basis.Rank,
        Alpha = result.GetValue(_alpha) ?? basis.Alpha,
        RankStabilized = result.GetValue(_rankStabilized),
        Modes = Modes(result.GetValue(_modes)) ?? basis.Modes,
        Orientation = result.GetValue(_orientation),
        Dropout = result.GetValue(_dropout) ?? basis.Dropout,
    };

    private static LortaModes? Modes(string? text)
    {
        try
        {
            return text is null ? null : LortaModesText.Parse(text);
        }
        catch (FormatException e)
        {
            throw new InputException($"--modes {text}: {e.Message}", e);
        }
    }
}
