using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// A named set of trained numbers attached to a model. It acts on the model's forward inside <see cref="Use"/>, or
/// everywhere while it is merged. Its parameters are its own: the model's <c>parameters()</c> and <c>state_dict()</c> show the base.
/// </summary>
public abstract class Adapter : nn.Module
{
    private readonly Dictionary<ProjectionSite, Tensor> _baseWeights = [];
    private bool _detached;

    /// <summary>Attaches an adapter.</summary>
    /// <param name="sites">Where adapters act in the model.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    protected Adapter(AdapterSites sites, string name)
        : base(name)
    {
        Sites = sites;
        Name = name;
        sites.Add(this);
    }

    /// <summary>The adapter's name, unique on its model.</summary>
    public string Name { get; }

    /// <summary>Where adapters act in the model.</summary>
    public AdapterSites Sites { get; }

    /// <summary>Whether the adapter is folded into the base weights.</summary>
    public bool IsMerged => ReferenceEquals(Sites.Merged, this);

    /// <summary>How many of its numbers are trained.</summary>
    public long TrainableCount => parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel());

    /// <summary>Opens a scope of the calling code in which this adapter is its model's active one.</summary>
    /// <returns>The scope: dispose it to end it.</returns>
    /// <exception cref="InvalidOperationException">The adapter is detached, or another is merged into the model.</exception>
    public AdapterScope Use()
    {
        ThrowIfDetached();
        if (Sites.Merged is { } merged && merged != this)
        {
            throw new InvalidOperationException($"The adapter '{merged.Name}' is merged into the model: unmerge it before using '{Name}'.");
        }

        return AdapterScope.Of(this);
    }

    /// <summary>
    /// Folds the update into the base weights, in place, so that the plain model computes what it computes with this adapter
    /// active. The base weights are kept for <see cref="Unmerge"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The adapter is detached, or some adapter is merged already.</exception>
    public void Merge()
    {
        ThrowIfDetached();
        if (Sites.Merged is { } merged)
        {
            throw new InvalidOperationException($"The adapter '{merged.Name}' is merged already: unmerge it first.");
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (ProjectionSite site in AdaptedSites)
        {
            Tensor weight = site.Weight;
            _baseWeights[site] = weight.clone().DetachFromDisposeScope();
            using Tensor folded = MergedWeight(site, weight);
            weight.copy_(folded);
        }

        Sites.Merged = this;
    }

    /// <summary>Gives the base weights back, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">The adapter is not merged.</exception>
    public void Unmerge()
    {
        if (!IsMerged)
        {
            throw new InvalidOperationException($"The adapter '{Name}' is not merged.");
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((ProjectionSite site, Tensor weight) in _baseWeights)
        {
            site.Weight.copy_(weight);
            weight.Dispose();
        }

        _baseWeights.Clear();
        Sites.Merged = null;
    }

    /// <summary>Takes the adapter off its model, unmerging it where it is merged. It can't be used again.</summary>
    public void Detach()
    {
        if (_detached)
        {
            return;
        }

        if (IsMerged)
        {
            Unmerge();
        }

        _detached = true;
        Sites.Remove(this);
    }

    /// <summary>The matrices that the adapter updates.</summary>
    protected internal abstract IEnumerable<ProjectionSite> AdaptedSites { get; }

    /// <summary>Answers a projection's call with this adapter active.</summary>
    /// <param name="sites">The matrices that the projection holds, in the order of their rows.</param>
    /// <param name="call">The call.</param>
    /// <returns>The output [..., out], moved out of any dispose scope of the method.</returns>
    protected internal abstract Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call);

    /// <summary>The weight of a matrix with the adapter folded in.</summary>
    /// <param name="site">The matrix.</param>
    /// <param name="weight">Its base weight [out, in].</param>
    /// <returns>A new tensor [out, in] of the weight's type.</returns>
    protected abstract Tensor MergedWeight(ProjectionSite site, Tensor weight);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Detach();
        }

        base.Dispose(disposing);
    }

    private void ThrowIfDetached()
    {
        if (_detached)
        {
            throw new InvalidOperationException($"The adapter '{Name}' is detached: attach a new one.");
        }
    }
}
