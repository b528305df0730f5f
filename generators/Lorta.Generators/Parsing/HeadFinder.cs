using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>An integer that was found.</summary>
/// <param name="Origin">Where the path to it starts.</param>
/// <param name="Place">Where it is.</param>
/// <param name="IsWidth">Whether it is the width of a head, and not the number of heads.</param>
internal sealed record FoundHeads(HeadOrigin Origin, Place Place, bool IsWidth)
{
    public Member Member => Place.Path[Place.Path.Length - 1];
}

/// <summary>
/// Finds the numbers of heads: by attribute, by name in the attention and outwards to the model, in the configurations
/// that these hold, and at last by the width of a head.
/// </summary>
internal static class HeadFinder
{
    public static FoundHeads? Heads(FoundLayers layers, Place attention, Place model, KnownTypes known) =>
        Find(layers, attention, model, known, member => member.IsMarked("LortaHeadsAttribute"), false)
        ?? Find(layers, attention, model, known, member => Names.IsHeads(member.Name), false)
        ?? Find(layers, attention, model, known, member => Names.IsHeadWidth(member.Name), true);

    public static FoundHeads? KeyValueHeads(FoundLayers layers, Place attention, Place model, KnownTypes known) =>
        Find(layers, attention, model, known, member => member.IsMarked("LortaKeyValueHeadsAttribute"), false)
        ?? Find(layers, attention, model, known, member => Names.IsKeyValueHeads(member.Name), false);

    private static FoundHeads? Find(
        FoundLayers layers, Place attention, Place model, KnownTypes known, Func<Member, bool> isMeant, bool isWidth)
    {
        foreach ((HeadOrigin origin, Place place) in Outwards(layers, attention, model))
        {
            Member[] members = Member.Of(place.Type, known).ToArray();
            Place? found = members.Where(member => IsInteger(member.Type) && isMeant(member)).Select(place.Down).FirstOrDefault()
                ?? members.Where(member => !member.Symbol.IsStatic && IsConfiguration(member, known))
                    .Select(place.Down)
                    .SelectMany(held => Member.Of(held.Type, known).Where(member => IsInteger(member.Type) && isMeant(member)).Select(held.Down))
                    .FirstOrDefault();
            if (found is not null)
            {
                return new(origin, found, isWidth);
            }
        }

        return null;
    }

    private static IEnumerable<(HeadOrigin Origin, Place Place)> Outwards(FoundLayers layers, Place attention, Place model)
    {
        yield return (HeadOrigin.Attention, Place.Root(attention.Type));
        for (int depth = attention.Path.Length - 1; depth > 0; depth--)
        {
            yield return (HeadOrigin.Layer, new Place(attention.Path[depth - 1].Type, attention.Path.Take(depth).ToImmutableArray()));
        }

        if (attention.Path.Length > 0)
        {
            yield return (HeadOrigin.Layer, layers.Layer);
        }

        for (int depth = layers.List.Path.Length - 1; depth > 0; depth--)
        {
            yield return (HeadOrigin.Model, new Place(layers.List.Path[depth - 1].Type, layers.List.Path.Take(depth).ToImmutableArray()));
        }

        yield return (HeadOrigin.Model, model);
    }

    private static bool IsInteger(ITypeSymbol type) => type.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64;

    private static bool IsConfiguration(Member member, KnownTypes known) =>
        member.Type is INamedTypeSymbol { SpecialType: SpecialType.None, TypeKind: TypeKind.Class or TypeKind.Struct }
        && !known.IsModule(member.Type)
        && !known.IsTorchSharp(member.Type);
}
