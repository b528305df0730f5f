using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>LoRA+: LoRA whose B learns faster than A (Hayou et al., 2024).</summary>
public sealed record LoraPlus : LoraMethod
{
    internal const string MethodName = "lora+";

    /// <summary>How much faster B learns than A, which has the adapter's rate: above 0.</summary>
    public double RateRatio { get; init; } = 16;

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new LoraPlusAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["rate_ratio"] = RateRatio;
        return json;
    }

    internal static LoraPlus FromJson(JsonFile options) => (LoraPlus)new LoraPlus().WithLoraJson(options) with
    {
        RateRatio = options.GetDouble("rate_ratio"),
    };

    private protected override void Validate(AttentionLayout layout)
    {
        base.Validate(layout);
        if (!(RateRatio > 0 && double.IsFinite(RateRatio)))
        {
            throw new ArgumentOutOfRangeException(nameof(RateRatio), $"RateRatio is {RateRatio}: choose a finite number above 0.");
        }
    }

    private sealed class LoraPlusAdapter(AdapterSites sites, LoraPlus method, string name) : LoraAdapter(sites, method, name)
    {
        public override double RateOf(string name) => name.EndsWith(".B", StringComparison.Ordinal) ? method.RateRatio : 1;
    }
}
