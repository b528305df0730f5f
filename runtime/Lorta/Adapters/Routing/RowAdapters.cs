using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// An adapter for each row of a batch. The base's product is computed once for all rows; the rows of an adapter get their
/// update together, wherever they stand in the batch.
/// </summary>
internal sealed class RowAdapters : IActiveAdapter, IDisposable
{
    private readonly Adapter?[] _perRow;
    private readonly int _rows;
    private readonly (Adapter? Adapter, int Count)[] _groups;
    private readonly Tensor? _order;
    private readonly Tensor? _places;

    /// <param name="perRow">The adapter of each row, null for the base; at least one is none.</param>
    /// <exception cref="ArgumentException">There is no adapter, or two are of different models.</exception>
    public RowAdapters(IReadOnlyList<Adapter?> perRow)
    {
        Adapter first = perRow.OfType<Adapter>().FirstOrDefault()
            ?? throw new ArgumentException("No row has an adapter: use AdapterScope.Base for a batch of the base alone.", nameof(perRow));
        if (perRow.OfType<Adapter>().FirstOrDefault(adapter => !adapter.Sites.SharesLayersWith(first.Sites)) is { } other)
        {
            throw new ArgumentException($"The adapters '{first.Name}' and '{other.Name}' are of different models: a batch runs on one.", nameof(perRow));
        }

        Sites = first.Sites;
        _perRow = [.. perRow];
        _rows = _perRow.Length;
        IGrouping<Adapter?, int>[] groups = [.. Enumerable.Range(0, _rows).GroupBy(row => perRow[row])];
        _groups = [.. groups.Select(group => (group.Key, group.Count()))];
        long[] order = [.. groups.SelectMany(group => group).Select(row => (long)row)];
        if (!order.SequenceEqual(order.Order()))
        {
            using DisposeScope scope = NewDisposeScope();
            _order = tensor(order).DetachFromDisposeScope();
            _places = _order.argsort().DetachFromDisposeScope();
        }
    }

    public AdapterSites Sites { get; }

    public bool IsMerged => false;

    public IEnumerable<Parameter> Parameters => _groups.SelectMany(group => group.Adapter?.parameters() ?? []);

    public AdapterScope Use() => AdapterScope.OfRows(_perRow);

    public Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call)
    {
        ProjectionSite[] held = [.. sites];
        ProjectionCall made = call;
        using DisposeScope scope = NewDisposeScope();
        return ByAdapter(
            $"{held[0].Matrix} projection of layer {held[0].Layer}",
            call.Input, // [b, ..., in]
            call.Base(call.Input), // [b, ..., out]
            (adapter, input, output) => adapter?.Project(held, made with { Input = input, Output = output, Share = InputShare.Alone }) ?? output)
            .MoveToOuterDisposeScope();
    }

    public Tensor Close(SublayerSite site, Tensor output, Tensor residual)
    {
        if (!Array.Exists(_groups, group => group.Adapter is { ActsOnSublayers: true }))
        {
            return site.Module.Close(output, residual);
        }

        using DisposeScope scope = NewDisposeScope();
        return ByAdapter(
            $"{site.Module.Kind} sublayer of layer {site.Layer}",
            output,
            residual,
            (adapter, ofRows, before) => adapter?.Close(site, ofRows, before) ?? site.Module.Close(ofRows, before))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Does something with the rows of each adapter, of two tensors that both have the batch in front.</summary>
    private Tensor ByAdapter(string place, Tensor first, Tensor second, Func<Adapter?, Tensor, Tensor, Tensor> act)
    {
        if (first.size(0) != _rows)
        {
            throw new InvalidOperationException(
                $"The scope has adapters for {_rows} rows, and the {place} got {first.size(0)}: the batch must be the first dimension of its input.");
        }

        first = Taken(first, _order);
        second = Taken(second, _order);
        var results = new List<Tensor>();
        long row = 0;
        foreach ((Adapter? adapter, int count) in _groups)
        {
            adapter?.RequireUnmerged();
            results.Add(act(adapter, first.narrow(0, row, count), second.narrow(0, row, count)));
            row += count;
        }

        return Taken(results.Count == 1 ? results[0] : cat(results, 0), _places);
    }

    public void Dispose()
    {
        _order?.Dispose();
        _places?.Dispose();
    }

    private static Tensor Taken(Tensor batch, Tensor? rows) =>
        rows is null ? batch : batch.index_select(0, rows.device_type == batch.device_type ? rows : rows.to(batch.device));
}
