using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>A projection that was found.</summary>
/// <param name="Matrices">The matrices it holds, in the order of their rows, or of a list's projections.</param>
/// <param name="Place">Where it is.</param>
/// <param name="IsList">Whether it is a list of projections, one for each matrix.</param>
internal sealed record FoundProjection(ImmutableArray<Matrices> Matrices, Place Place, bool IsList = false);

/// <summary>Finds projections: first by attribute, then by name.</summary>
internal static class ProjectionFinder
{
    private const string Mark = "LortaMatrixAttribute";

    /// <summary>Query, key and value, alone or fused, among a place's own members.</summary>
    public static IReadOnlyList<FoundProjection> Inputs(Place place, KnownTypes known) =>
        Own(place, known).Where(projection => projection.Matrices[0] != Matrices.Output).ToArray();

    /// <summary>Whether these are enough to call what holds them an attention: marked, fused, or two of the three.</summary>
    public static bool MakeAttention(IReadOnlyList<FoundProjection> inputs) =>
        inputs.Any(input => input.Matrices.Length > 1 || input.Place.Path[input.Place.Path.Length - 1].IsMarked(Mark))
        || inputs.Select(input => input.Matrices[0]).Distinct().Count() > 1;

    /// <summary>
    /// The output projection: in the attention itself, in what it holds, or beside it in what belongs to the attention.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="attention">What holds query, key and value, inside the layer.</param>
    /// <param name="known">TorchSharp's types.</param>
    public static Finding<FoundProjection> Output(Place layer, Place attention, KnownTypes known)
    {
        foreach (IEnumerable<Place> places in OutputPlaces(layer, attention, known))
        {
            Place[] searched = places.ToArray();
            Func<Place, IEnumerable<FoundProjection>>[] finders =
            [
                place => Marked(place, known).Where(projection => projection.Matrices[0] == Matrices.Output),
                place => Named(place, known).Where(projection => projection.Matrices[0] == Matrices.Output),
                place => CommonOutputs(place, known),
            ];
            foreach (Func<Place, IEnumerable<FoundProjection>> finder in finders)
            {
                Finding<FoundProjection> finding = Finding<FoundProjection>.Among(searched.SelectMany(finder));
                if (!finding.IsAbsent)
                {
                    return finding;
                }
            }
        }

        return Finding<FoundProjection>.Among([]);
    }

    /// <summary>Members of the attention that could be projections, and were not taken for any.</summary>
    public static IEnumerable<Member> Unclaimed(Place attention, IEnumerable<FoundProjection> found, KnownTypes known)
    {
        Member[] claimed = found.Select(projection => projection.Place.Path[projection.Place.Path.Length - 1]).ToArray();
        return Projections(attention, known).Where(member => !claimed.Contains(member));
    }

    private static IEnumerable<IEnumerable<Place>> OutputPlaces(Place layer, Place attention, KnownTypes known)
    {
        yield return [attention];
        yield return attention.Descend(known).Skip(1);

        // From what holds the attention up to the layer: HuggingFace's attention.self beside attention.output.dense.
        for (int depth = attention.Path.Length - 1; depth >= 0; depth--)
        {
            Place holder = depth == 0 ? layer : new Place(attention.Path[depth - 1].Type, attention.Path.Take(depth).ToImmutableArray());
            bool belongs = depth > 0 && (Names.IsAttention(holder.Type.Name) || Names.IsAttention(holder.Path[depth - 1].Name));
            Member inner = attention.Path[depth];
            yield return holder.Descend(known).Where(place => place.Path.Length > depth
                ? place.Path[depth].Symbol is var beside
                    && !SymbolEqualityComparer.Default.Equals(beside, inner.Symbol)
                    && (belongs || Names.IsAttention(beside.Name) || Names.IsAttention(place.Path[depth].Type.Name) || place.Path[depth].Type.Name.EndsWith("SelfOutput", StringComparison.Ordinal))
                : belongs);
        }
    }

    private static IEnumerable<FoundProjection> Own(Place place, KnownTypes known)
    {
        FoundProjection[] marked = Marked(place, known).ToArray();
        ImmutableArray<Matrices> taken = [.. marked.SelectMany(projection => projection.Matrices)];
        return marked.Concat(Named(place, known).Where(projection => !projection.Matrices.Any(taken.Contains)));
    }

    private static IEnumerable<FoundProjection> Marked(Place place, KnownTypes known)
    {
        foreach (Member member in Members(place, known))
        {
            bool isList = !known.IsProjection(member.Type);
            if ((!isList || (Place.ElementOf(member.Type) is { } element && known.IsProjection(element)))
                && member.Mark(Mark) is { ConstructorArguments.Length: 1 } mark && mark.ConstructorArguments[0] is { Kind: TypedConstantKind.Array, IsNull: false } matrices)
            {
                ImmutableArray<Matrices> held = [.. matrices.Values.Select(value => value.Value).OfType<int>().Where(index => index is >= 0 and < 4)
                    .Select(index => (Matrices)(1 << index))];
                if (held.Length > 0)
                {
                    yield return new(held, place.Down(member), isList);
                }
            }
        }
    }

    private static IEnumerable<FoundProjection> Named(Place place, KnownTypes known)
    {
        foreach (Member member in Projections(place, known))
        {
            if (!member.IsMarked(Mark) && Names.Projection(member.Name) is { Length: > 0 } matrices)
            {
                yield return new([.. matrices], place.Down(member));
            }
        }
    }

    /// <summary>Members such as <c>dense</c>, where no other linear layer of the same class could be meant by them.</summary>
    private static IEnumerable<FoundProjection> CommonOutputs(Place place, KnownTypes known)
    {
        Member[] others = Projections(place, known)
            .Where(member => !member.IsMarked(Mark) && Names.Projection(member.Name).Length == 0 && member.Type.Name == "Linear").ToArray();
        if (others.Length == 1 && Names.IsCommonOutput(others[0].Name))
        {
            yield return new([Matrices.Output], place.Down(others[0]));
        }
    }

    private static IEnumerable<Member> Projections(Place place, KnownTypes known) =>
        Members(place, known).Where(member => known.IsProjection(member.Type));

    private static IEnumerable<Member> Members(Place place, KnownTypes known) =>
        Member.Of(place.Type, known).Where(member => !member.Symbol.IsStatic);
}
