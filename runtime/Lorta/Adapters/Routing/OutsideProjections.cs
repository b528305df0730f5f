using System.Collections.Concurrent;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The projections of one model that classes of another assembly call, so that no interceptor sees the calls. TorchSharp
/// runs hooks for <c>call</c> and not for <c>forward</c>, and <c>Linear</c> is sealed: where a hook has been seen to run it
/// does the work, and elsewhere the layer gets another weight for the length of a scope.
/// </summary>
internal sealed class OutsideProjections
{
    private readonly AdapterSites _sites;
    private readonly ProjectionSite[][] _projections;
    private readonly ConcurrentDictionary<nn.Module, bool> _hooked = new(ReferenceEqualityComparer.Instance);
    private readonly List<(Linear Layer, Tensor Base, bool Trained)> _replaced = [];
    private readonly Lock _lock = new();
    private AdapterScope? _holder;
    private IActiveAdapter? _active;

    private OutsideProjections(AdapterSites sites, ProjectionSite[][] projections)
    {
        _sites = sites;
        _projections = projections;
        foreach (ProjectionSite[] held in projections)
        {
            held[0].Projection.register_forward_hook((_, input, output) => Hook(held, input, output));
        }
    }

    /// <summary>The outside projections of a model, or null where it has none.</summary>
    public static OutsideProjections? Of(AdapterSites sites, IEnumerable<ProjectionSite[]> projections)
    {
        ProjectionSite[][] outside = [.. projections.Where(held => held[0].Route != ProjectionRoute.Interceptor)];
        return outside.Length == 0 ? null : new(sites, outside);
    }

    /// <summary>Makes an adapter the active one, or none, because a scope has been opened.</summary>
    /// <exception cref="InvalidOperationException">Other calling code uses an adapter of the model.</exception>
    public void Enter(AdapterScope scope, IActiveAdapter? active)
    {
        lock (_lock)
        {
            if (_holder is not null && !scope.IsWithin(_holder))
            {
                throw new InvalidOperationException(
                    "Attention classes of another assembly that call forward can use one adapter at a time: close the other scope first.");
            }

            Activate(active);
            _holder ??= _replaced.Count > 0 ? scope : null;
        }
    }

    /// <summary>Makes an adapter the active one, or none, because a scope has been closed.</summary>
    public void Leave(AdapterScope scope, IActiveAdapter? active)
    {
        lock (_lock)
        {
            if (_holder is null || scope.IsWithin(_holder))
            {
                Activate(active);
                _holder = _replaced.Count > 0 ? _holder : null;
            }
        }
    }

    /// <summary>Refuses a merge while a layer has another weight.</summary>
    /// <exception cref="InvalidOperationException">A scope is open.</exception>
    public void RequireBase()
    {
        lock (_lock)
        {
            if (_replaced.Count > 0)
            {
                throw new InvalidOperationException("An adapter of the model is in use: close its scope before merging or unmerging.");
            }
        }
    }

    private Tensor Hook(ProjectionSite[] held, Tensor input, Tensor output)
    {
        _hooked[held[0].Projection] = true;
        return held[0].Route == ProjectionRoute.Hook && AdapterScope.ActiveOn(_sites) is { } adapter
            ? adapter.Project(held, new ProjectionCall(held[0].Projection, input, RunsHooks: true, InputShare.Alone) { Output = output })
            : output;
    }

    private void Activate(IActiveAdapter? adapter)
    {
        if (ReferenceEquals(adapter, _active))
        {
            return;
        }

        if (_active is not null)
        {
            Restore();
            Decide();
        }

        try
        {
            if (adapter is not null)
            {
                Replace(adapter);
            }

            _active = adapter;
        }
        catch
        {
            Restore();
            throw;
        }
    }

    private void Replace(IActiveAdapter active)
    {
        if (active is not Adapter adapter)
        {
            RequireHooks();
            return;
        }

        HashSet<ProjectionSite> adapted = [.. adapter.AdaptedSites];
        foreach (ProjectionSite[] held in _projections.Where(held => held[0].Route != ProjectionRoute.Hook && held.Any(adapted.Contains)))
        {
            if (held[0].Projection is not Linear layer)
            {
                throw new NotSupportedException(
                    $"The {held[0].Matrix} projection of layer {held[0].Layer} is a {held[0].Projection.GetType().Name} that a class of another " +
                    "assembly calls: adapters reach only a Linear there. Copy that class into your project, so that its calls can be intercepted.");
            }

            bool trained = layer.weight!.requires_grad;
            Tensor alias = layer.weight.detach().DetachFromDisposeScope();
            _replaced.Add((layer, alias, trained));

            // A parameter made from a tensor with a graph keeps the graph: the backward goes on into the factors.
            Assign(layer, new Parameter(Updated(adapter, held, adapted, alias)));
        }
    }

    /// <summary>One weight can't be another for each row of a batch; a hook sees the rows.</summary>
    private void RequireHooks()
    {
        if (Array.Exists(_projections, held => held[0].Route != ProjectionRoute.Hook))
        {
            throw new NotSupportedException(
                "Attention classes of another assembly are not known to run hooks, and only those can have an adapter for each row: " +
                "copy them into your project, so that their calls can be intercepted.");
        }
    }

    private void Restore()
    {
        foreach ((Linear layer, Tensor weight, bool trained) in _replaced)
        {
            Assign(layer, new Parameter(weight, trained));
        }

        _replaced.Clear();
        _active = null;
    }

    // A layer outlives the dispose scopes of a step.
    private static void Assign(Linear layer, Parameter weight)
    {
        weight.DetachFromDisposeScope();
        layer.weight = weight;
    }

    /// <summary>A projection's weight with the updates of its adapted blocks of rows [out, in].</summary>
    private static Tensor Updated(Adapter adapter, ProjectionSite[] held, HashSet<ProjectionSite> adapted, Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        var blocks = new List<Tensor>();
        long row = 0;
        foreach (ProjectionSite site in held.Where(adapted.Contains))
        {
            if (site.FirstRow > row)
            {
                blocks.Add(weight.narrow(0, row, site.FirstRow - row));
            }

            blocks.Add(adapter.MergedWeight(site, weight.narrow(0, site.FirstRow, site.Rows)));
            row = site.FirstRow + site.Rows;
        }

        if (row < weight.size(0))
        {
            blocks.Add(weight.narrow(0, row, weight.size(0) - row));
        }

        return (blocks.Count == 1 ? blocks[0] : cat(blocks, 0)).MoveToOuterDisposeScope();
    }

    private void Decide()
    {
        foreach (ProjectionSite site in _projections.SelectMany(held => held))
        {
            site.Route = _hooked.ContainsKey(site.Projection) ? ProjectionRoute.Hook : ProjectionRoute.Weight;
        }
    }
}
