using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>A list of layers with attention in them.</summary>
/// <param name="List">The list in the model.</param>
/// <param name="Layer">A layer.</param>
/// <param name="Attention">What holds query, key and value, from the layer; or the several that it could be.</param>
internal sealed record FoundLayers(Place List, Place Layer, Finding<Place> Attention);

/// <summary>Finds the list of layers, and the attention in a layer.</summary>
internal static class StructureFinder
{
    /// <summary>The list of layers: the marked one, or the nearest whose elements have attention.</summary>
    public static Finding<FoundLayers> Layers(ITypeSymbol model, KnownTypes known)
    {
        FoundLayers[] lists = Lists(model, known).ToArray();
        FoundLayers[] marked = lists.Where(list => Last(list).IsMarked("LortaLayersAttribute")).ToArray();
        if (marked.Length > 0)
        {
            return Finding<FoundLayers>.Among(marked);
        }

        FoundLayers[] attending = lists.Where(list => !list.Attention.IsAbsent).ToArray();
        int nearest = attending.Length == 0 ? 0 : attending.Min(list => list.List.Path.Length);
        return Finding<FoundLayers>.Among(attending.Where(list => list.List.Path.Length == nearest));
    }

    /// <summary>Members that hold lists of modules, whatever these are.</summary>
    public static IEnumerable<Member> ListsOfModules(ITypeSymbol model, KnownTypes known) =>
        Lists(model, known).Where(list => known.IsModule(list.Layer.Type)).Select(Last);

    private static Member Last(FoundLayers layers) => layers.List.Path[layers.List.Path.Length - 1];

    private static IEnumerable<FoundLayers> Lists(ITypeSymbol model, KnownTypes known)
    {
        foreach (Place place in Place.Root(model).Descend(known))
        {
            foreach (Member member in Member.Of(place.Type, known))
            {
                if (!member.Symbol.IsStatic && Place.ElementOf(member.Type) is { } element)
                {
                    Place layer = Place.Root(element);
                    yield return new(place.Down(member), layer, Attention(layer, known));
                }
            }
        }
    }

    private static Finding<Place> Attention(Place layer, KnownTypes known)
    {
        Place[] all = layer.Descend(known).Where(place => ProjectionFinder.MakeAttention(ProjectionFinder.Inputs(place, known))).ToArray();
        Place[] outermost = all.Where(place => !all.Any(other => other != place && place.Path.Take(other.Path.Length).SequenceEqual(other.Path))).ToArray();
        foreach (IEnumerable<Place> preferred in new[]
        {
            outermost.Where(place => place.Path.Any(member => member.IsMarked("LortaAttentionAttribute"))),
            outermost.Where(place => !place.Path.Any(member => Names.IsCross(member.Name) || Names.IsCross(member.Type.Name))),
            outermost.Where(place => place.Path.Any(member => Names.IsSelf(member.Name))),
        })
        {
            Finding<Place> finding = Finding<Place>.Among(preferred);
            if (finding.Found is not null)
            {
                return finding;
            }
        }

        return Finding<Place>.Among(outermost);
    }
}
