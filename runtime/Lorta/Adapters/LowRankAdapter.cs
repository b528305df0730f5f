using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// An adapter that gives each adapted matrix an update of low rank: up [out, r] times down [r, in]. The forward never builds
/// the product.
/// </summary>
public abstract class LowRankAdapter : Adapter
{
    private readonly HashSet<ProjectionSite> _sites;

    private protected LowRankAdapter(AdapterSites sites, LowRankMethod method, string name)
        : this(sites, method, method.SitesOf(sites), name)
    {
    }

    private LowRankAdapter(AdapterSites sites, LowRankMethod method, IReadOnlyList<ProjectionSite> adapted, string name)
        : base(sites, method, name)
    {
        _sites = [.. adapted];
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<ProjectionSite> AdaptedSites => _sites;

    /// <summary>Whether the adapted weight is the base's plus the update, and nothing else.</summary>
    internal virtual bool IsSum => true;

    /// <summary>The side of an update that meets the input.</summary>
    /// <param name="site">An adapted matrix.</param>
    /// <returns>A tensor [r, in].</returns>
    protected internal abstract Tensor Down(ProjectionSite site);

    /// <summary>The side of an update that makes the output, with the scaling in it.</summary>
    /// <param name="site">An adapted matrix.</param>
    /// <returns>A tensor [out, r].</returns>
    protected internal abstract Tensor Up(ProjectionSite site);

    /// <inheritdoc/>
    protected internal override Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = call.Base(call.Input);
        Tensor input = call.Input.reshape(-1, call.Input.size(-1)); // [N, in]
        Tensor rows = output.reshape(-1, output.size(-1)); // [N, out]
        var blocks = new List<Tensor>();
        long done = 0;
        foreach (ProjectionSite site in sites)
        {
            if (_sites.Contains(site))
            {
                KeepUntil(site.FirstRow);
                blocks.Add(Adapt(site, input, rows.narrow(1, site.FirstRow, site.Rows)));
                done = site.FirstRow + site.Rows;
            }
        }

        KeepUntil(rows.size(1));
        return (blocks.Count == 1 ? blocks[0] : cat(blocks, 1)).reshape(output.shape).MoveToOuterDisposeScope();

        void KeepUntil(long row)
        {
            if (row > done)
            {
                blocks.Add(rows.narrow(1, done, row - done));
            }
        }
    }

    /// <inheritdoc/>
    protected internal override Tensor MergedWeight(ProjectionSite site, Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return Up(site).mm(Down(site)).Plus(weight).to(weight.dtype).MoveToOuterDisposeScope(); // summed in the wider type
    }

    /// <summary>Adds the update of one matrix to the base model's output.</summary>
    /// <param name="site">The matrix.</param>
    /// <param name="input">Its input [N, in].</param>
    /// <param name="output">The base model's output [N, out], bias and all.</param>
    /// <returns>The output [N, out], in the caller's dispose scope.</returns>
    protected virtual Tensor Adapt(ProjectionSite site, Tensor input, Tensor output) =>
        output.addmm(Drop(site, input).mm(As(Down(site), input).t()), As(Up(site), input).t()); // [N, r] [r, out]

    /// <summary>The input with the method's dropout, in training mode.</summary>
    private protected Tensor Drop(ProjectionSite site, Tensor input) =>
        Drops(site) ? nn.functional.dropout(input, ((LowRankMethod)Method).Dropout, training: true) : input;

    private protected bool Drops(ProjectionSite site) => ((LowRankMethod)Method).Dropout > 0 && site.Projection.training;

    /// <summary>Adds a parameter that a matrix has for itself.</summary>
    private protected void AddParameter(ProjectionSite site, string part, Tensor start, bool trained = true) =>
        AddParameter(NameOf(site, part), start, trained);

    /// <summary>A parameter of a matrix, read from the adapter each time, because a move to another device or type replaces it.</summary>
    private protected Parameter Part(ProjectionSite site, string part) => get_parameter(NameOf(site, part))!;

    /// <summary>The name of a matrix's parameter.</summary>
    private protected static string NameOf(ProjectionSite site, string part) => $"{site.Layer}.{site.Matrix.ToString().ToLowerInvariant()}.{part}";
}
