using Lorta;
using Lorta.Adapters;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Glue.Reproduction;

/// <summary>The attention matrices of a model of some sizes, without their numbers: adapters attach to it, and nothing can be computed.</summary>
internal sealed class AttentionSizes : nn.Module, IAdaptable
{
    private static readonly Device Nowhere = new(DeviceType.META);

    /// <param name="layers">Number of layers.</param>
    /// <param name="width">The width, which the heads divide.</param>
    /// <param name="heads">Number of heads, of queries as of keys and values.</param>
    public AttentionSizes(int layers, int width, int heads)
        : base(nameof(AttentionSizes))
    {
        ProjectionSite[] sites =
        [
            .. Enumerable.Range(0, layers).SelectMany(layer => Enum.GetValues<AttentionMatrix>().Select(matrix =>
            {
                Linear projection = nn.Linear(width, width, hasBias: false, device: Nowhere);
                register_module($"{layer}_{matrix}", projection);
                return new ProjectionSite(layer, matrix, projection);
            })),
        ];
        Sites = new AdapterSites(this, AttentionLayout.OfHeads(sites, heads), sites);
    }

    public AdapterSites Sites { get; }
}
