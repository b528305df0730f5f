using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Adapter-H: a network with a residual of its own at the end of both sublayers, before the model's residual (Houlsby et al., 2019).</summary>
public sealed record HoulsbyAdapters : BottleneckMethod
{
    internal const string MethodName = "adapter-h";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override long ParameterCount(AttentionLayout layout) => 2 * base.ParameterCount(layout);

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new HoulsbyAdapter(model.Sites, this, name);

    internal static HoulsbyAdapters FromJson(JsonFile options) => (HoulsbyAdapters)new HoulsbyAdapters().WithJson(options);

    private protected override bool IsTarget(SublayerSite site) => true;

    private sealed class HoulsbyAdapter(AdapterSites sites, HoulsbyAdapters method, string name) : BottleneckAdapter(sites, method, name)
    {
        protected override Tensor CloseAdapted(SublayerSite site, Tensor output, Tensor residual) =>
            site.Module.Close(output.Plus(Network(site, output)), residual);

        protected override Tensor Activate(Tensor input) => nn.functional.gelu(input);
    }
}
