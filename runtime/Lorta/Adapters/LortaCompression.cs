using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// Compresses adapters with an update of low rank for each matrix into LoRTA: the CP decomposition of all their updates, in the
/// paper's orientation with all modes, by alternating least squares. No update is built: all runs on its factors, in float64.
/// </summary>
public static class LortaCompression
{
    /// <summary>Fits a LoRTA adapter to another and attaches it beside it.</summary>
    /// <param name="adapter">The adapter that is compressed; it stays as it is.</param>
    /// <param name="rank">The rank of the CP decomposition.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <param name="options">How the fit is made.</param>
    /// <returns>The new adapter, and the fit's error: the norm of the difference over that of the updates.</returns>
    /// <exception cref="ArgumentException">The rank is out of range, or the updates make no such tensor.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public static (LortaAdapter Adapter, double Error) Compress(
        LowRankAdapter adapter, int rank, string name, CpFitOptions? options = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        UpdateTensor updates = Updates(adapter);
        CpFactors fitted = CpFit.Of(updates, rank, options ?? new CpFitOptions());
        var method = (LowRankMethod)adapter.Method;
        var compressed = new LortaAdapter(
            adapter.Sites,
            new LortaOptions { Rank = rank, Alpha = rank, Targets = method.Targets, Dropout = method.Dropout }, // scaled by r/r = 1
            name);
        Device device = adapter.Up(adapter.AdaptedSites.First()).device;
        compressed.to(device);
        compressed.Factor(LortaFactor.A).copy_(fitted.A);
        compressed.Factor(LortaFactor.B).copy_(fitted.B);
        compressed.Factor(LortaFactor.Head).copy_(fitted.Heads);
        compressed.Factor(LortaFactor.Layer).copy_(fitted.Layers);
        compressed.Factor(LortaFactor.Matrix).copy_(fitted.Matrices);
        return (compressed, fitted.Error);
    }

    /// <summary>The error of the fit at several ranks, to choose one by.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="ranks">The ranks.</param>
    /// <param name="options">How the fits are made.</param>
    /// <returns>The norm of the difference over that of the updates, for each rank.</returns>
    /// <exception cref="ArgumentException">A rank is out of range, or the updates make no such tensor.</exception>
    public static IReadOnlyList<(int Rank, double Error)> Errors(LowRankAdapter adapter, IEnumerable<int> ranks, CpFitOptions? options = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        UpdateTensor updates = Updates(adapter);
        return [.. ranks.Select(rank => (rank, CpFit.Of(updates, rank, options ?? new CpFitOptions()).Error))];
    }

    private static UpdateTensor Updates(LowRankAdapter adapter)
    {
        AttentionLayout layout = adapter.Sites.Layout;
        ProjectionSite[] sites = [.. adapter.AdaptedSites.OrderBy(site => site.Layer).ThenBy(site => site.Matrix)];
        int matrices = sites.Length / layout.Layers;
        if (!adapter.IsSum)
        {
            throw new ArgumentException($"The method {adapter.Method.Name} does more than add an update of low rank: only such updates are compressed.", nameof(adapter));
        }

        if (layout.KeyValueHeads != layout.Heads || matrices * layout.Layers != sites.Length)
        {
            throw new ArgumentException("The updates make no tensor: each layer must have the same matrices, and each matrix all heads.", nameof(adapter));
        }

        // P's output is the model's width and its input the heads; with Q, K and V it is the other way round.
        return new UpdateTensor(
            stack(sites.Select(site => Wide(site.Matrix == AttentionMatrix.Output ? adapter.Up(site) : adapter.Down(site).t()))),
            stack(sites.Select(site => Wide(site.Matrix == AttentionMatrix.Output ? adapter.Down(site).t() : adapter.Up(site)))),
            layout.Layers,
            matrices,
            layout.Heads);

        static Tensor Wide(Tensor factor) => factor.to(ScalarType.Float64).cpu();
    }
}
