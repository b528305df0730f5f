using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Where adapters act in one model, and the adapters that are attached to it.</summary>
public sealed class AdapterSites
{
    private readonly Dictionary<object, object> _siteOf;
    private readonly ConcurrentDictionary<string, Adapter> _adapters = new(StringComparer.Ordinal);

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layout">The sizes of its attention.</param>
    /// <param name="projections">Its attention matrices, at most one of a kind in a layer.</param>
    /// <param name="kernels">The CUDA kernels that were emitted for its class, or null where there are none.</param>
    /// <exception cref="ArgumentException">A matrix does not have the shape that the layout gives it.</exception>
    public AdapterSites(nn.Module model, AttentionLayout layout, IEnumerable<ProjectionSite> projections, ModelKernels? kernels = null)
    {
        Model = model;
        Layout = layout;
        Kernels = kernels;
        Projections = [.. projections];
        foreach (ProjectionSite site in Projections)
        {
            int heads = layout.HeadRows(site.Matrix);
            (int rows, int columns) = site.Matrix == AttentionMatrix.Output ? (layout.Width, heads) : (heads, layout.Width);
            if (site.Rows != rows || site.Columns != columns)
            {
                throw new ArgumentException(
                    $"The {site.Matrix} matrix of layer {site.Layer} is [{site.Rows}, {site.Columns}], but {layout.Heads} heads " +
                    $"({layout.KeyValueHeads} for keys and values) of {layout.HeadWidth} in a width of {layout.Width} " +
                    $"need [{rows}, {columns}]: correct the head count that the model class shows.",
                    nameof(projections));
            }
        }

        ProjectionSite[][] held = [.. Projections.GroupBy(site => site.Projection).Select(group => group.OrderBy(site => site.FirstRow).ToArray())];
        Sublayers = [.. model.modules().OfType<ISublayer>().GroupBy(module => module.Kind)
            .SelectMany(kind => kind.Select((module, layer) => new SublayerSite(layer, module)))];
        _siteOf = new(ReferenceEqualityComparer.Instance);
        foreach (ProjectionSite[] sites in held)
        {
            _siteOf.Add(sites[0].Projection, sites);
        }

        foreach (SublayerSite site in Sublayers)
        {
            _siteOf.Add(site.Module, site);
        }

        Outside = OutsideProjections.Of(this, held);
    }

    /// <summary>Describes a model that has its layers, the very same modules, from another.</summary>
    internal AdapterSites(nn.Module model, AdapterSites other)
    {
        Model = model;
        (Layout, Projections, Sublayers, Outside, Kernels, _siteOf) =
            (other.Layout, other.Projections, other.Sublayers, other.Outside, other.Kernels, other._siteOf);
    }

    /// <summary>The model.</summary>
    public nn.Module Model { get; }

    /// <summary>The sizes of its attention.</summary>
    public AttentionLayout Layout { get; }

    /// <summary>Its attention matrices, layer by layer.</summary>
    public IReadOnlyList<ProjectionSite> Projections { get; }

    /// <summary>The ends of its sublayers, in the order of the layers; none where the model's forward does not route them.</summary>
    public IReadOnlyList<SublayerSite> Sublayers { get; }

    /// <summary>The attached adapters by name.</summary>
    public IReadOnlyDictionary<string, Adapter> Adapters => _adapters;

    /// <summary>The adapter that is folded into the weights at present, or null.</summary>
    public Adapter? Merged { get; internal set; }

    /// <summary>Which matrices some layer has.</summary>
    public AttentionMatrices Matrices =>
        Projections.Aggregate(AttentionMatrices.None, (set, site) => set | (AttentionMatrices)(1 << (int)site.Matrix));

    /// <summary>The CUDA kernels that were emitted for the model's class, or null where there are none.</summary>
    internal ModelKernels? Kernels { get; set; }

    /// <summary>The projections that classes of another assembly call, or null where there are none.</summary>
    internal OutsideProjections? Outside { get; }

    /// <summary>
    /// Finds what a module of the model's forward is to adapters: the matrices of a projection in the order of their rows
    /// (<c>ProjectionSite[]</c>), or the end of a sublayer (<see cref="SublayerSite"/>).
    /// </summary>
    internal bool TryFind<TSite>(object module, [NotNullWhen(true)] out TSite? site)
        where TSite : class
    {
        site = _siteOf.GetValueOrDefault(module) as TSite;
        return site is not null;
    }

    /// <summary>The name that the model has for a module in it, such as <c>bert.encoder.layer.0.attention.self.query</c>.</summary>
    internal string PathOf(nn.Module module) =>
        Model.named_modules().First(entry => ReferenceEquals(entry.module, module)).name;

    /// <summary>Whether another model has its layers from the same modules, so that rows of both can share a forward.</summary>
    internal bool SharesLayersWith(AdapterSites other) => ReferenceEquals(_siteOf, other._siteOf);

    internal void Add(Adapter adapter)
    {
        if (!_adapters.TryAdd(adapter.Name, adapter))
        {
            throw new InvalidOperationException(
                $"An adapter named '{adapter.Name}' is attached already: detach it first, or give the new one another name.");
        }
    }

    internal void Remove(Adapter adapter) => _adapters.TryRemove(new(adapter.Name, adapter));
}
