using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>What a scope makes active on a model: one adapter, or one for each row of the batch.</summary>
internal interface IActiveAdapter
{
    /// <summary>Where adapters act in the model.</summary>
    AdapterSites Sites { get; }

    /// <summary>Whether the base's own call does the work, because the adapter is folded into the weights.</summary>
    bool IsMerged { get; }

    /// <summary>The adapters' own parameters, trained or not.</summary>
    IEnumerable<Parameter> Parameters { get; }

    /// <summary>Opens another scope in which the same is active, also where the first is closed by then.</summary>
    /// <exception cref="InvalidOperationException">An adapter is detached, or one is merged into the model.</exception>
    AdapterScope Use();

    /// <summary>Answers a projection's call.</summary>
    /// <param name="sites">The matrices that the projection holds, in the order of their rows.</param>
    /// <param name="call">The call.</param>
    /// <returns>The output [..., out], moved out of any dispose scope of the method.</returns>
    Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call);

    /// <summary>Closes a sublayer.</summary>
    /// <param name="site">Where it is.</param>
    /// <param name="output">The sublayer's output after its last projection and dropout [b, s, d].</param>
    /// <param name="residual">The sublayer's input [b, s, d].</param>
    /// <returns>The next sublayer's input [b, s, d], moved out of any dispose scope of the method.</returns>
    Tensor Close(SublayerSite site, Tensor output, Tensor residual);
}
