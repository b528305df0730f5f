using System.Text.Json.Nodes;

namespace Lorta.Adapters;

/// <summary>BitFit: the base's biases are trained, in place, those of its layer norms too (Ben Zaken et al., 2022).</summary>
public sealed record BitFit : AdapterMethod
{
    internal const string MethodName = "bitfit";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override bool TrainsBase => true;

    /// <summary>How many biases an encoder of BERT's kind has: in each layer four of the attention, two of the feed-forward, two layer norms.</summary>
    /// <param name="layers">Number of layers, L.</param>
    /// <param name="width">The model's width, d.</param>
    /// <param name="intermediateWidth">Width of the feed-forward's inner layer.</param>
    /// <returns>The count, with the layer norm of the embeddings.</returns>
    public static long ParameterCount(int layers, int width, int intermediateWidth) =>
        (layers * ((7L * width) + intermediateWidth)) + width;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new BitFitAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson() => [];

    private sealed class BitFitAdapter(AdapterSites sites, BitFit method, string name)
        : BaseWeightsAdapter(sites, method, name, parameter => parameter.EndsWith(".bias", StringComparison.Ordinal));
}
