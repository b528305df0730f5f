using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// Where the projections' calls of a model's forward arrive: the generated interceptors send them here, and the active
/// adapter of the calling code answers, or the projection itself where none is active.
/// </summary>
public static class ProjectionRouter
{
    /// <summary>Answers <c>projection.forward(input)</c>.</summary>
    /// <param name="projection">The receiver; it decides which layer and matrix the call is.</param>
    /// <param name="input">The argument [..., in].</param>
    /// <param name="share">How the call stands to others on the same value.</param>
    /// <returns>The output [..., out].</returns>
    public static Tensor Forward(nn.Module<Tensor, Tensor> projection, Tensor input, InputShare share = default) =>
        AdapterScope.TryFind(projection, out IActiveAdapter? adapter, out ProjectionSite[]? sites) && IsRouted(sites)
            ? adapter.Project(sites, new ProjectionCall(projection, input, RunsHooks: false, share))
            : projection.forward(input);

    /// <summary>Answers <c>projection.call(input)</c>, which runs the projection's forward hooks.</summary>
    /// <param name="projection">The receiver; it decides which layer and matrix the call is.</param>
    /// <param name="input">The argument [..., in].</param>
    /// <param name="share">How the call stands to others on the same value.</param>
    /// <returns>The output [..., out].</returns>
    public static Tensor Call(nn.Module<Tensor, Tensor> projection, Tensor input, InputShare share = default) =>
        AdapterScope.TryFind(projection, out IActiveAdapter? adapter, out ProjectionSite[]? sites) && IsRouted(sites)
            ? adapter.Project(sites, new ProjectionCall(projection, input, RunsHooks: true, share))
            : projection.call(input);

    private static bool IsRouted(ProjectionSite[] sites) => sites[0].Route == ProjectionRoute.Interceptor;
}
