using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>Looks at the components of a LoRTA update tensor, and leaves the small ones out.</summary>
public static class LortaPruning
{
    /// <summary>How large each component is: the norm of what it alone adds to all adapted weights.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <returns>A norm for each of the r components.</returns>
    public static IReadOnlyList<double> ComponentNorms(LortaAdapter adapter)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor squares = stack(adapter.AdaptedSites.Select(site => Gram(adapter.Up(site)).diagonal() * Gram(adapter.Down(site)).diagonal())); // [sites, r]
        return [.. squares.sum([0L]).sqrt().cpu().data<double>()];
    }

    /// <summary>How large each component is in each head of each adapted matrix: the norm of what it alone adds to the head's rows, or, where heads index the input, columns.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <returns>A norm for each; the squares add up to those of <see cref="ComponentNorms"/>.</returns>
    public static IReadOnlyList<ComponentNorm> HeadNorms(LortaAdapter adapter)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        return [.. adapter.AdaptedSites.SelectMany(Norms)];

        IEnumerable<ComponentNorm> Norms(ProjectionSite site)
        {
            bool headsAreRows = adapter.Options.Orientation == HeadOrientation.Paper && site.Matrix != AttentionMatrix.Output;
            Tensor byHead = (headsAreRows ? adapter.Up(site) : adapter.Down(site)).to(ScalarType.Float64); // [heads * d/H, r]
            Tensor other = Gram(headsAreRows ? adapter.Down(site) : adapter.Up(site)).diagonal(); // [r]
            Tensor heads = byHead.reshape(-1, adapter.Sites.Layout.HeadWidth, byHead.size(1)).square().sum(1); // [heads, r]
            double[] norms = [.. (heads * other).sqrt().cpu().data<double>()];
            int rank = (int)byHead.size(1);
            return norms.Select((norm, index) => new ComponentNorm(site.Layer, site.Matrix, index / rank, index % rank, norm));
        }
    }

    /// <summary>Attaches an adapter of the components with the largest norms, beside the one that has them all.</summary>
    /// <param name="adapter">The adapter, which stays as it is.</param>
    /// <param name="rank">How many components to keep: from 1 to the adapter's rank.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <returns>The new adapter, and what it costs: the norm of what is gone over that of the whole update, over all adapted weights.</returns>
    /// <exception cref="ArgumentException">The rank is out of range.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public static (LortaAdapter Adapter, double Cost) Prune(LortaAdapter adapter, int rank, string name)
    {
        LortaOptions options = adapter.Options;
        if (rank < 1 || rank > options.Rank)
        {
            throw new ArgumentOutOfRangeException(nameof(rank), $"The rank to keep is {rank}: choose one from 1 to the adapter's, {options.Rank}.");
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        long[] order = [.. ComponentNorms(adapter).Select((norm, index) => (norm, index)).OrderByDescending(entry => entry.norm).Select(entry => (long)entry.index)];
        Tensor kept = tensor([.. order[..rank].Order()], device: adapter.Factor(LortaFactor.A).device);
        double share = (double)rank / options.Rank;
        var pruned = new LortaAdapter(
            adapter.Sites,
            options with { Rank = rank, Alpha = options.Alpha * (options.RankStabilized ? Math.Sqrt(share) : share) }, // the same scaling
            name);
        foreach (((_, Parameter source), (_, Parameter target)) in adapter.named_parameters().Zip(pruned.named_parameters()))
        {
            target.copy_(source.index_select(-1, kept));
        }

        if (rank == options.Rank)
        {
            return (pruned, 0);
        }

        Tensor dropped = tensor(order[rank..], device: kept.device);
        double whole = adapter.AdaptedSites.Sum(site => SquaredNorm(adapter.Up(site), adapter.Down(site)));
        double gone = adapter.AdaptedSites.Sum(site => SquaredNorm(
            adapter.Up(site).index_select(1, dropped), adapter.Down(site).index_select(1, dropped)));
        return (pruned, whole == 0 ? 0 : Math.Sqrt(gone / whole));
    }

    /// <summary>The squared norm of up down^T, without building it.</summary>
    private static double SquaredNorm(Tensor up, Tensor down)
    {
        using DisposeScope scope = NewDisposeScope();
        return (Gram(up) * Gram(down)).sum().cpu().ToDouble();
    }

    private static Tensor Gram(Tensor factor)
    {
        Tensor wide = factor.to(ScalarType.Float64);
        return wide.t().mm(wide); // [r, r]
    }
}

/// <summary>How large a component is in a head.</summary>
/// <param name="Layer">Index of the layer, from 0.</param>
/// <param name="Matrix">The matrix.</param>
/// <param name="Head">Index of the head, from 0.</param>
/// <param name="Component">Index of the component, from 0.</param>
/// <param name="Norm">The norm of what it adds there.</param>
public readonly record struct ComponentNorm(int Layer, AttentionMatrix Matrix, int Head, int Component, double Norm);
