using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// Adapter-P: one network a layer, at the end of the feed-forward. It reads what the model's own residual and layer norm give,
/// and its change joins the sum before the layer norm (Pfeiffer et al., 2021).
/// </summary>
public record PfeifferAdapters : BottleneckMethod
{
    internal const string MethodName = "adapter-p";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new PfeifferAdapter(model.Sites, this, name);

    internal static PfeifferAdapters FromJson(JsonFile options) => (PfeifferAdapters)new PfeifferAdapters().WithJson(options);

    private protected override bool IsTarget(SublayerSite site) => site.Kind == SublayerKind.FeedForward;

    private sealed class PfeifferAdapter(AdapterSites sites, PfeifferAdapters method, string name) : BottleneckAdapter(sites, method, name)
    {
        protected override Tensor CloseAdapted(SublayerSite site, Tensor output, Tensor residual) =>
            site.Module.Close(output.Plus(Network(site, site.Module.Close(output, residual))), residual);

        protected override Tensor Activate(Tensor input) => nn.functional.relu(input);
    }
}
