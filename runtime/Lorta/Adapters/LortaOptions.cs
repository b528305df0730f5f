using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>What a LoRTA adapter is.</summary>
public sealed record LortaOptions : AdapterMethod
{
    internal const string MethodName = "lorta";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override double DefaultRate => 1e-2;

    /// <summary>The rank r of the CP decomposition: at least 1, at most the model's width.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The numerator of the scaling: finite.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Scales by alpha/sqrt(r) instead of alpha/r.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>The modes of the update tensor.</summary>
    public LortaModes Modes { get; init; } = LortaModes.All;

    /// <summary>Which side of a weight the head mode indexes.</summary>
    public HeadOrientation Orientation { get; init; }

    /// <summary>The matrices that get an update; those that the model lacks are left out.</summary>
    public AttentionMatrices Targets { get; init; } = AttentionMatrices.All;

    /// <summary>The dropout probability on the adapter's input while training: at least 0, below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>Factors that keep their random start and are not trained.</summary>
    public LortaFactor Frozen { get; init; }

    /// <summary>How the factors start.</summary>
    public LortaStart Start { get; init; }

    /// <summary>How much faster C_H, C_L and C_M learn than A and B, which have the adapter's rate: above 0.</summary>
    public double RateRatio { get; init; } = 1;

    /// <summary>The factor of the update: alpha/r, or alpha/sqrt(r).</summary>
    public double Scaling => Alpha * ScalingOfAlpha;

    internal double ScalingOfAlpha => 1 / (RankStabilized ? Math.Sqrt(Rank) : Rank);

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => LortaAdapter.Attach(model, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson() => new()
    {
        ["rank"] = Rank,
        ["alpha"] = Alpha,
        ["rank_stabilized"] = RankStabilized,
        ["modes"] = LortaModesText.Format(Modes),
        ["orientation"] = Orientation.ToString().ToLowerInvariant(),
        ["targets"] = Targets.ToString().ToLowerInvariant(),
        ["dropout"] = Dropout,
        ["frozen"] = Frozen.ToString().ToLowerInvariant(),
        ["start"] = Start.ToString().ToLowerInvariant(),
        ["rate_ratio"] = RateRatio,
    };

    internal static LortaOptions FromJson(JsonFile options) => new()
    {
        Rank = options.GetInt32("rank", min: 1),
        Alpha = options.GetDouble("alpha"),
        RankStabilized = options.GetBoolean("rank_stabilized"),
        Modes = ReadModes(options),
        Orientation = options.GetEnum<HeadOrientation>("orientation"),
        Targets = options.GetEnum<AttentionMatrices>("targets"),
        Dropout = options.GetDouble("dropout"),
        Frozen = options.GetEnum<LortaFactor>("frozen"),
        Start = options.GetEnum<LortaStart>("start"),
        RateRatio = options.GetDouble("rate_ratio"),
    };

    /// <summary>Reads what the authors' published code wrote: all modes, heads on the input side of all four matrices.</summary>
    internal static LortaOptions FromReference(JsonFile config, AttentionMatrices targets) => new()
    {
        Rank = config.GetInt32("r", min: 1),
        Alpha = config.GetDouble("lora_alpha"),
        RankStabilized = config.GetBoolean("use_rslora", false),
        Dropout = config.GetDouble("lora_dropout", 0),
        Targets = targets,
        Orientation = HeadOrientation.Reference,
        Start = LortaStart.Paper,
    };

    /// <summary>Checks that these are options of an adapter whose modes are fixed.</summary>
    /// <param name="modes">The modes.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="ArgumentException">The options have other modes.</exception>
    public LortaOptions Require(LortaModes modes) => Modes == modes ? this : throw new ArgumentException(
        $"The modes are {Modes}, but the typed adapter was generated for {modes}: attach others with LortaAdapter.Attach, or change the annotation.");

    internal void Validate(AttentionLayout layout)
    {
        if (Rank < 1 || Rank > layout.Width)
        {
            throw new ArgumentOutOfRangeException(nameof(Rank), $"Rank is {Rank}: choose one from 1 to the model's width, {layout.Width}.");
        }

        if (!double.IsFinite(Alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(Alpha), $"Alpha is {Alpha}: choose a finite number.");
        }

        if (!(Dropout >= 0 && Dropout < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Dropout), $"Dropout is {Dropout}: choose a probability of at least 0 and below 1.");
        }

        if (!(RateRatio > 0 && double.IsFinite(RateRatio)))
        {
            throw new ArgumentOutOfRangeException(nameof(RateRatio), $"RateRatio is {RateRatio}: choose a finite number above 0.");
        }
    }

    private static LortaModes ReadModes(JsonFile options)
    {
        try
        {
            return LortaModesText.Parse(options.GetString("modes"));
        }
        catch (FormatException error)
        {
            throw new CheckpointException($"{options.FilePath}: {error.Message}", error);
        }
    }
}
