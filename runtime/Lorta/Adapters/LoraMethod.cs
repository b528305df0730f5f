using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>A method whose updates are B A times a constant scaling, as LoRA's.</summary>
public abstract record LoraMethod : LowRankMethod
{
    /// <summary>The numerator of the scaling: finite.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Scales by alpha/sqrt(r) instead of alpha/r (rsLoRA; Kalajdzievski, 2023).</summary>
    public bool RankStabilized { get; init; }

    /// <summary>The factor of the update: alpha/r, or alpha/sqrt(r).</summary>
    public double Scaling => Alpha / (RankStabilized ? Math.Sqrt(Rank) : Rank);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["alpha"] = Alpha;
        json["rank_stabilized"] = RankStabilized;
        return json;
    }

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => Rank * (rows + columns);

    private protected override void Validate(AttentionLayout layout)
    {
        base.Validate(layout);
        if (!double.IsFinite(Alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(Alpha), $"Alpha is {Alpha}: choose a finite number.");
        }
    }

    private protected LoraMethod WithLoraJson(JsonFile options) => (LoraMethod)WithJson(options) with
    {
        Alpha = options.GetDouble("alpha"),
        RankStabilized = options.GetBoolean("rank_stabilized"),
    };

    private protected LoraMethod WithPeft(JsonFile config, AttentionMatrices targets) => this with
    {
        Rank = config.GetInt32("r", min: 1),
        Targets = targets,
        Dropout = config.GetDouble("lora_dropout", 0),
        Alpha = config.GetDouble("lora_alpha"),
        RankStabilized = config.GetBoolean("use_rslora", false),
    };

    internal virtual JsonObject ToPeft() => new()
    {
        ["r"] = Rank,
        ["lora_alpha"] = Alpha,
        ["lora_dropout"] = Dropout,
        ["use_rslora"] = RankStabilized,
    };
}
