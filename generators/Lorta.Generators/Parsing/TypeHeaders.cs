using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lorta.Generators.Parsing;

/// <summary>How a type's other parts are declared.</summary>
internal static class TypeHeaders
{
    public static TypeDeclaration Parse(INamedTypeSymbol type)
    {
        INamedTypeSymbol[] containing = Containing(type).Reverse().ToArray();
        return new(
            type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString() : string.Empty,
            containing.Select(Header).ToEquatableArray(),
            Header(type),
            type.Name,
            type.Name + (type.TypeParameters.Length == 0 ? string.Empty : $"{{{string.Join(", ", type.TypeParameters.Select(parameter => parameter.Name))}}}"),
            SyntaxFacts.GetText(type.DeclaredAccessibility),
            containing.Append(type).Any(level => level.IsGenericType),
            HintName(type, containing));
    }

    /// <summary>The constraint clause of a type parameter, or nothing.</summary>
    public static string Constraints(ITypeParameterSymbol parameter)
    {
        var parts = new List<string>();
        if (parameter.HasUnmanagedTypeConstraint)
        {
            parts.Add("unmanaged");
        }
        else if (parameter.HasValueTypeConstraint)
        {
            parts.Add("struct");
        }
        else if (parameter.HasReferenceTypeConstraint)
        {
            parts.Add(parameter.ReferenceTypeConstraintNullableAnnotation == NullableAnnotation.Annotated ? "class?" : "class");
        }
        else if (parameter.HasNotNullConstraint)
        {
            parts.Add("notnull");
        }

        parts.AddRange(parameter.ConstraintTypes.Select(PathParser.Text));
        if (parameter.HasConstructorConstraint)
        {
            parts.Add("new()");
        }

        return parts.Count == 0 ? string.Empty : $"where {parameter.Name} : {string.Join(", ", parts)}";
    }

    private static IEnumerable<INamedTypeSymbol> Containing(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            yield return outer;
        }
    }

    private static string Header(INamedTypeSymbol type)
    {
        string keyword = type switch
        {
            { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
            { IsRecord: true } => "record",
            { TypeKind: TypeKind.Struct } => "struct",
            { TypeKind: TypeKind.Interface } => "interface",
            _ => "class",
        };
        return $"partial {keyword} {type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}";
    }

    private static string HintName(INamedTypeSymbol type, IEnumerable<INamedTypeSymbol> containing)
    {
        IEnumerable<string> names = containing.Append(type).Select(level => level.MetadataName.Replace('`', '-'));
        string name = string.Join("+", names);
        string full = type.ContainingNamespace is { IsGlobalNamespace: false } space ? $"{space.ToDisplayString()}.{name}" : name;
        int twins = Twins(type);
        return twins == 0 ? full : $"{full}~{twins.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>How many names in front of this one differ from it by case alone: file names do not tell them apart.</summary>
    private static int Twins(INamespaceOrTypeSymbol symbol)
    {
        int twins = 0;
        for (INamespaceOrTypeSymbol level = symbol; (level.ContainingType ?? (INamespaceOrTypeSymbol)level.ContainingNamespace) is { } container; level = container)
        {
            twins += container.GetMembers().Count(member =>
                string.Equals(member.Name, level.Name, StringComparison.OrdinalIgnoreCase) && string.CompareOrdinal(member.Name, level.Name) < 0);
        }

        return twins;
    }
}
