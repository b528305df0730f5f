using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>An adapter in PEFT's terms.</summary>
/// <param name="Fields">The fields that its configuration sets, beside those that every adapter has.</param>
/// <param name="Tensors">Its tensors by their full names: the adapter's own, or views of them, where it can be loaded in this form.</param>
internal sealed record PeftForm(JsonObject Fields, IReadOnlyDictionary<string, Tensor> Tensors)
{
    /// <summary>The tensors of an adapter that has some for each matrix.</summary>
    public static IReadOnlyDictionary<string, Tensor> TensorsOf(
        Adapter adapter, Func<ProjectionSite, IEnumerable<(string Name, Tensor Tensor)>> parts) =>
        (from site in adapter.AdaptedSites
         let path = PeftFolder.ModelPrefix + PeftModules.PathOf(adapter.Sites, site)
         from part in parts(site)
         select (Name: $"{path}.{part.Name}", part.Tensor)).ToDictionary(entry => entry.Name, entry => entry.Tensor);
}
