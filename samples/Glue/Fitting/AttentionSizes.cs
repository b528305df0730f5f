using Lorta;
using Lorta.Adapters;
using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>The attention matrices of a model of some sizes, without their numbers: adapters attach to it, and nothing can be computed.</summary>
internal sealed class AttentionSizes : nn.Module, IAdaptable
{
    private static readonly Device Nowhere = new(DeviceType.META);

    public AttentionSizes(AttentionLayout layout)
        : base(nameof(AttentionSizes))
    {
        ProjectionSite[] sites =
        [
            .. Enumerable.Range(0, layout.Layers).SelectMany(layer => Enum.GetValues<AttentionMatrix>().Select(matrix =>
            {
                (int inputs, int outputs) = (layout.Width, layout.HeadRows(matrix));
                Linear projection = matrix == AttentionMatrix.Output
                    ? nn.Linear(outputs, inputs, hasBias: false, device: Nowhere)
                    : nn.Linear(inputs, outputs, hasBias: false, device: Nowhere);
                register_module($"{layer}_{matrix}", projection);
                return new ProjectionSite(layer, matrix, projection);
            })),
        ];
        Sites = new AdapterSites(this, layout, sites);
    }

    public AdapterSites Sites { get; }

    /// <summary>The sizes of the base that an adapter was made for.</summary>
    /// <exception cref="CheckpointException">The configuration is none of an adapter of Lorta.Gen.</exception>
    public static AttentionLayout Of(JsonFile adapterConfig)
    {
        JsonFile made = adapterConfig.GetObject("base");
        return new(
            made.GetInt32("layers", min: 1),
            made.GetInt32("heads", min: 1),
            made.GetInt32("key_value_heads", min: 1),
            made.GetInt32("head_width", min: 1),
            made.GetInt32("width", min: 1));
    }
}
