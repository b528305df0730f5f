using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>Turns the members of a path into text that the annotated class can use, by an accessor where C# denies access.</summary>
internal sealed class PathParser(Compilation compilation, INamedTypeSymbol model, ICollection<DiagnosticInfo> diagnostics)
{
    private readonly HashSet<ITypeSymbol> _hidden = new(SymbolEqualityComparer.Default);

    private static readonly SymbolDisplayFormat Full = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type as C# text.</summary>
    public static string Text(ITypeSymbol type) => type.ToDisplayString(Full);

    public MemberPath Parse(IEnumerable<Member> path) => new(path.Select(Step).ToEquatableArray());

    /// <summary>A member that holds a projection of a type, or a list of such.</summary>
    public ProjectionHolder Holder(Member member, ITypeSymbol projection, KnownTypes known)
    {
        INamedTypeSymbol owner = member.Symbol.ContainingType.OriginalDefinition;
        bool isOutside = !SymbolEqualityComparer.Default.Equals(owner.ContainingAssembly, compilation.Assembly);
        return new(
            Member.Id(member.Symbol),
            known.LineageOf(projection),
            isOutside && !IsIntercepted(owner),
            !isOutside && compilation.IsSymbolAccessibleWithin(owner, compilation.Assembly)
                ? Text(owner.IsGenericType ? owner.ConstructUnboundGenericType() : owner)
                : null);
    }

    // Another assembly whose own models use the class has interceptors of its own.
    private static bool IsIntercepted(INamedTypeSymbol owner) => owner.ContainingAssembly.GetAttributes().Any(data =>
        data.AttributeClass is { Name: "InterceptedProjectionsAttribute" }
        && data.ConstructorArguments.FirstOrDefault().Value is INamedTypeSymbol holder
        && SymbolEqualityComparer.Default.Equals(holder.OriginalDefinition, owner));

    private MemberStep Step(Member member)
    {
        ITypeSymbol type = member.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        RequireReachable(member, type);
        RequireReachable(member, member.Symbol.ContainingType);
        bool isReachable = IsReachable(member);
        if (!isReachable && member.Symbol.ContainingType.IsValueType)
        {
            // An accessor would read a copy.
            Report(member, "the member");
        }

        return new(
            member.Name,
            Text(type),
            member.Type.NullableAnnotation == NullableAnnotation.Annotated,
            member.Symbol.IsStatic ? Text(member.Symbol.ContainingType) : null,
            isReachable ? null : Accessor(member));
    }

    // A protected member of a base class is reachable through the annotated class itself, and not through another.
    private bool IsReachable(Member member) =>
        compilation.IsSymbolAccessibleWithin(member.Symbol, model, Inherits(member) ? model : member.Symbol.ContainingType)
        && (member.Symbol is not IPropertySymbol { GetMethod: { } getter }
            || compilation.IsSymbolAccessibleWithin(getter, model, Inherits(member) ? model : member.Symbol.ContainingType));

    private bool Inherits(Member member)
    {
        for (INamedTypeSymbol? level = model; level is not null; level = level.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(level, member.Symbol.ContainingType))
            {
                return true;
            }
        }

        return false;
    }

    private void RequireReachable(Member member, ITypeSymbol type)
    {
        ITypeSymbol? hidden = Parts(type).FirstOrDefault(part => part is INamedTypeSymbol && !compilation.IsSymbolAccessibleWithin(part, model));
        if (hidden is not null && _hidden.Add(hidden))
        {
            Report(member, $"the type '{hidden.Name}'");
        }
    }

    private void Report(Member member, string culprit) =>
        diagnostics.Add(DiagnosticInfo.Create(Descriptors.Unreachable, member.Symbol.Locations.FirstOrDefault(), member.Name, model.Name, culprit));

    /// <summary>A type and those it is made of.</summary>
    public static IEnumerable<ITypeSymbol> Parts(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => Parts(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.SelectMany(Parts).Prepend(named),
        _ => [type],
    };

    private static MemberAccessor Accessor(Member member)
    {
        ISymbol definition = member.Symbol.OriginalDefinition;
        INamedTypeSymbol owner = definition.ContainingType;
        INamedTypeSymbol[] nest = Nest(owner).ToArray();
        ITypeParameterSymbol[] parameters = nest.SelectMany(type => type.TypeParameters).ToArray();
        ITypeSymbol[] arguments = Nest(member.Symbol.ContainingType).SelectMany(type => type.TypeArguments).ToArray();
        return new(
            definition is IPropertySymbol { GetMethod.MetadataName: { } getter } ? getter : definition.MetadataName,
            definition is IFieldSymbol,
            Text(owner),
            Text(new Member(definition).Type),
            Angled(parameters.Select(parameter => parameter.Name)),
            string.Join(" ", parameters.Select(TypeHeaders.Constraints).Where(clause => clause.Length > 0)),
            Angled(arguments.Select(Text)));
    }

    private static IEnumerable<INamedTypeSymbol> Nest(INamedTypeSymbol type) =>
        type.ContainingType is { } outer ? Nest(outer).Append(type) : [type];

    private static string Angled(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? $"<{list}>" : string.Empty;
}
