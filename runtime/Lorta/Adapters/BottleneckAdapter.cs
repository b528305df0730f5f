using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// Networks at the ends of sublayers. The way up starts at zero, so that the first forward is the base model's; the way down
/// is normal with a deviation of 0.01.
/// </summary>
internal abstract class BottleneckAdapter : Adapter
{
    private static readonly Scalar StartDeviation = 0.01;

    private readonly HashSet<SublayerSite> _sites;

    protected BottleneckAdapter(AdapterSites sites, BottleneckMethod method, string name)
        : this(sites, method, method.SitesOf(sites), name)
    {
    }

    private BottleneckAdapter(AdapterSites sites, BottleneckMethod method, IReadOnlyList<SublayerSite> adapted, string name)
        : base(sites, method, name)
    {
        _sites = [.. adapted];
        using DisposeScope scope = NewDisposeScope();
        int width = sites.Layout.Width;
        foreach (SublayerSite site in adapted)
        {
            Add("down.weight", randn(method.Bottleneck, width).mul_(StartDeviation));
            Add("down.bias", zeros(method.Bottleneck));
            Add("up.weight", zeros(width, method.Bottleneck));
            Add("up.bias", zeros(width));

            void Add(string part, Tensor start) => AddParameter(NameOf(site, part), start);
        }
    }

    public override bool CanMerge => false;

    internal override bool ActsOnSublayers => true;

    protected internal override Tensor Close(SublayerSite site, Tensor output, Tensor residual)
    {
        if (!_sites.Contains(site))
        {
            return base.Close(site, output, residual);
        }

        using DisposeScope scope = NewDisposeScope();
        return CloseAdapted(site, output, residual).MoveToOuterDisposeScope();
    }

    /// <summary>Closes a sublayer that has a network.</summary>
    protected abstract Tensor CloseAdapted(SublayerSite site, Tensor output, Tensor residual);

    /// <summary>The activation of the bottleneck.</summary>
    protected abstract Tensor Activate(Tensor input);

    /// <summary>The network of a sublayer, without a residual.</summary>
    /// <param name="site">The sublayer.</param>
    /// <param name="input">Hidden states [b, s, d].</param>
    /// <returns>A change of hidden states [b, s, d].</returns>
    protected Tensor Network(SublayerSite site, Tensor input)
    {
        Tensor inner = Activate(nn.functional.linear(input, Part("down.weight"), Part("down.bias"))); // [b, s, m]
        return nn.functional.linear(inner, Part("up.weight"), Part("up.bias"));

        Tensor Part(string part) => As(get_parameter(NameOf(site, part))!, input);
    }

    private static string NameOf(SublayerSite site, string part) =>
        $"{site.Layer}.{(site.Kind == SublayerKind.Attention ? "attention" : "feed_forward")}.{part}";
}
