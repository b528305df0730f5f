using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>The types of TorchSharp that parsing asks about.</summary>
internal sealed class KnownTypes
{
    private readonly INamedTypeSymbol _module;
    private readonly INamedTypeSymbol _projection;

    private KnownTypes(INamedTypeSymbol module, INamedTypeSymbol projection) => (_module, _projection) = (module, projection);

    /// <summary>Finds the types, or null where the compilation has no TorchSharp.</summary>
    public static KnownTypes? Of(Compilation compilation)
    {
        INamedTypeSymbol? module = compilation.GetTypeByMetadataName("TorchSharp.torch+nn+Module");
        INamedTypeSymbol? unary = compilation.GetTypeByMetadataName("TorchSharp.torch+nn+Module`2");
        INamedTypeSymbol? tensor = compilation.GetTypeByMetadataName("TorchSharp.torch+Tensor");
        return module is null || unary is null || tensor is null ? null : new(module, unary.Construct(tensor, tensor));
    }

    /// <summary>Whether a type is, or derives from, <c>Module</c>.</summary>
    public bool IsModule(ITypeSymbol type) => DerivesFrom(type, _module);

    /// <summary>Whether a type is, or derives from, <c>Module&lt;Tensor, Tensor&gt;</c>.</summary>
    public bool IsProjection(ITypeSymbol type) => DerivesFrom(type, _projection);

    /// <summary>Whether a type is TorchSharp's own.</summary>
    public bool IsTorchSharp(ITypeSymbol type) => SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, _module.ContainingAssembly);

    /// <summary>A projection's type and its base classes.</summary>
    public Lineage LineageOf(ITypeSymbol type)
    {
        var types = new List<string>();
        ITypeSymbol? current = type is ITypeParameterSymbol parameter ? parameter.ConstraintTypes.FirstOrDefault(IsProjection) : type;
        for (; current is not null && IsProjection(current); current = current.BaseType)
        {
            types.Add(PathParser.Text(current.WithNullableAnnotation(NullableAnnotation.NotAnnotated)));
        }

        return new(types.ToEquatableArray());
    }

    private static bool DerivesFrom(ITypeSymbol type, INamedTypeSymbol ancestor)
    {
        if (type is ITypeParameterSymbol parameter)
        {
            foreach (ITypeSymbol constraint in parameter.ConstraintTypes)
            {
                if (DerivesFrom(constraint, ancestor))
                {
                    return true;
                }
            }

            return false;
        }

        for (ITypeSymbol? current = type; current is not null; current = current.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(current, ancestor))
            {
                return true;
            }
        }

        return false;
    }
}
