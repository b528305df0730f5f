using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>A field or property of a class that holds something.</summary>
/// <param name="Symbol">The field or property.</param>
internal readonly record struct Member(ISymbol Symbol)
{
    public string Name => Symbol.Name;

    public ITypeSymbol Type => (Symbol as IFieldSymbol)?.Type ?? ((IPropertySymbol)Symbol).Type;

    /// <summary>Whether the member carries an attribute of this library.</summary>
    public bool IsMarked(string attribute) => Mark(attribute) is not null;

    /// <summary>An attribute of this library on the member, or null.</summary>
    public AttributeData? Mark(string attribute) => Symbol.GetAttributes().FirstOrDefault(data =>
        data.AttributeClass is { ContainingNamespace: { Name: "Lorta", ContainingNamespace.IsGlobalNamespace: true } } type && type.Name == attribute);

    /// <summary>
    /// The members of a type and its base classes, up to those of TorchSharp. A property that only computes is left out,
    /// unless it is marked: what it gives is held elsewhere.
    /// </summary>
    public static IEnumerable<Member> Of(ITypeSymbol type, KnownTypes known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (ITypeSymbol level in Levels(type, known))
        {
            foreach (ISymbol symbol in level.GetMembers())
            {
                if (symbol is IFieldSymbol or IPropertySymbol && !IsBackingField(symbol) && seen.Add(symbol.Name) && Holds(symbol))
                {
                    yield return new(symbol);
                }
            }
        }
    }

    /// <summary>What identifies a member in every construction of its type.</summary>
    public static string Id(ISymbol member) =>
        $"{member.ContainingType.OriginalDefinition.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)}.{member.Name}";

    private static IEnumerable<ITypeSymbol> Levels(ITypeSymbol type, KnownTypes known)
    {
        if (type is ITypeParameterSymbol parameter)
        {
            return parameter.ConstraintTypes.SelectMany(constraint => Levels(constraint, known));
        }

        var levels = new List<ITypeSymbol>();
        for (ITypeSymbol? level = type; level is { SpecialType: SpecialType.None } && !known.IsTorchSharp(level); level = level.BaseType)
        {
            levels.Add(level);
        }

        return type.TypeKind == TypeKind.Interface ? levels.Concat(type.AllInterfaces) : levels;
    }

    private static bool IsBackingField(ISymbol symbol) => symbol is IFieldSymbol { AssociatedSymbol: not null } || !symbol.CanBeReferencedByName;

    /// <summary>Whether a field or property keeps its value, or is told to be taken for what it gives.</summary>
    public static bool Holds(ISymbol symbol) => symbol switch
    {
        IFieldSymbol => true,
        IPropertySymbol { GetMethod: not null, IsIndexer: false } property =>
            property.IsAbstract || property.DeclaringSyntaxReferences.IsEmpty || IsAutomatic(property) || IsMarked(property),
        _ => false,
    };

    private static bool IsAutomatic(IPropertySymbol property) => property.ContainingType.GetMembers()
        .Any(member => member is IFieldSymbol field && SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property));

    private static bool IsMarked(IPropertySymbol property) =>
        property.GetAttributes().Any(data => data.AttributeClass?.Name.StartsWith("Lorta", StringComparison.Ordinal) == true);
}
