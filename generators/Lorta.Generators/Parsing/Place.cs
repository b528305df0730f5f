using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>An object in a model: its type, and the members that lead to it.</summary>
internal sealed class Place(ITypeSymbol type, ImmutableArray<Member> path)
{
    // Deeper than any model is nested; ends the walk through types that hold each other.
    private const int DeepestNesting = 8;

    // More than any model has; ends the walk through many types that hold each other.
    private const int MostPlaces = 2000;

    public ITypeSymbol Type { get; } = type;

    public ImmutableArray<Member> Path { get; } = path;

    /// <summary>The members that lead to it, as text.</summary>
    public string Text => string.Join(".", Path.Select(member => member.Name));

    public static Place Root(ITypeSymbol type) => new(type, []);

    /// <summary>The place that a member of this one leads to.</summary>
    public Place Down(Member member) => new(member.Type, Path.Add(member));

    /// <summary>This place and all that its modules and records of modules hold, nearest first.</summary>
    public IEnumerable<Place> Descend(KnownTypes known)
    {
        var queue = new Queue<Place>();
        queue.Enqueue(this);
        for (int visited = 0; queue.Count > 0 && visited < MostPlaces; visited++)
        {
            Place place = queue.Dequeue();
            yield return place;
            if (place.Path.Length - Path.Length >= DeepestNesting)
            {
                continue;
            }

            foreach (Member member in Member.Of(place.Type, known))
            {
                if (!member.Symbol.IsStatic && CanHoldModules(member.Type, known) && !place.Visits(member.Type))
                {
                    queue.Enqueue(place.Down(member));
                }
            }
        }
    }

    /// <summary>What a type that lists modules lists: a module list, an array or another collection; else null.</summary>
    public static ITypeSymbol? ElementOf(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol { Rank: 1 } array)
        {
            return array.ElementType;
        }

        if (type is not INamedTypeSymbol named || named.SpecialType == SpecialType.System_String)
        {
            return null;
        }

        ImmutableArray<INamedTypeSymbol> sequences = named.AllInterfaces.Add(named)
            .Where(contract => contract.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T)
            .ToImmutableArray();
        return sequences.Length == 1 ? sequences[0].TypeArguments[0] : null;
    }

    private static bool CanHoldModules(ITypeSymbol type, KnownTypes known) => type switch
    {
        ITypeParameterSymbol parameter => parameter.ConstraintTypes.Any(constraint => CanHoldModules(constraint, known)),
        INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface, SpecialType: SpecialType.None } named =>
            !known.IsTorchSharp(named) && !IsOfSystem(named) && (ElementOf(named) is null || known.IsModule(named)),
        _ => false,
    };

    private static bool IsOfSystem(INamedTypeSymbol type)
    {
        INamespaceSymbol? space = type.ContainingNamespace;
        while (space is { IsGlobalNamespace: false, ContainingNamespace.IsGlobalNamespace: false })
        {
            space = space.ContainingNamespace;
        }

        return space?.Name == "System";
    }

    private bool Visits(ITypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(type, Type)
        || Path.Any(member => SymbolEqualityComparer.Default.Equals(member.Type, type));
}
