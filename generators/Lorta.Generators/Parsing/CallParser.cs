using System.IO;
using System.Linq;
using System.Threading;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators.Parsing;

/// <summary>Reads calls that could be those of a projection.</summary>
internal static class CallParser
{
    // Properties may hand on each other's value in a circle.
    private const int MostHops = 4;

    public static bool IsCandidate(SyntaxNode node, CancellationToken cancellation) =>
        node is InvocationExpressionSyntax { ArgumentList.Arguments.Count: 1 } call && MethodName(call) is { Identifier.ValueText: "forward" or "call" };

    public static ProjectionCall? Parse(GeneratorSyntaxContext context, CancellationToken cancellation)
    {
        var call = (InvocationExpressionSyntax)context.Node;
        SemanticModel semantics = context.SemanticModel;
        if (semantics.GetSymbolInfo(call, cancellation).Symbol is not IMethodSymbol { IsStatic: false, Parameters.Length: 1 } method
            || KnownTypes.Of(semantics.Compilation) is not { } known
            || !known.IsProjection(method.ContainingType)
            || Receiver(call) is not { } receiver
            || receiver is BaseExpressionSyntax
            || IsRoutersOwn(semantics.GetEnclosingSymbol(call.SpanStart, cancellation)?.ContainingType)
            || semantics.GetInterceptableLocation(call, cancellation) is not { } location)
        {
            return null;
        }

        return new(
            method.Name,
            IsNameable(method.ContainingType, semantics.Compilation) ? PathParser.Text(method.ContainingType) : null,
            known.LineageOf(semantics.GetTypeInfo(receiver, cancellation).Type is { } type && known.IsProjection(type) ? type : method.ContainingType),
            Held(receiver, semantics, cancellation) is { } member ? Member.Id(member) : null,
            ShareParser.Key(call, semantics, cancellation),
            location.Version,
            location.Data,
            Display(call),
            LocationInfo.Of(MethodName(call)!.GetLocation()));
    }

    /// <summary>Whether a call is an adapter's or the router's own, which asks the projection itself.</summary>
    private static bool IsRoutersOwn(INamedTypeSymbol? type)
    {
        for (INamedTypeSymbol? level = type; level is not null; level = level.BaseType)
        {
            if (level.ContainingNamespace is { Name: "Adapters", ContainingNamespace: { Name: "Lorta", ContainingNamespace.IsGlobalNamespace: true } })
            {
                return true;
            }
        }

        return false;
    }

    // An interceptor's receiver must be exactly the type that declares the method.
    private static bool IsNameable(INamedTypeSymbol type, Compilation compilation) => PathParser.Parts(type)
        .All(part => part is INamedTypeSymbol && compilation.IsSymbolAccessibleWithin(part, compilation.Assembly));

    // Without folders: generated files are the same wherever a project is built.
    private static string Display(InvocationExpressionSyntax call)
    {
        LinePosition start = MethodName(call)!.GetLocation().GetLineSpan().StartLinePosition;
        return $"{Path.GetFileName(call.SyntaxTree.FilePath)}({start.Line + 1},{start.Character + 1})";
    }

    private static SimpleNameSyntax? MethodName(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Name,
        MemberBindingExpressionSyntax binding => binding.Name,
        _ => null,
    };

    private static ExpressionSyntax? Receiver(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Expression,
        MemberBindingExpressionSyntax => call.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault()?.Expression,
        _ => null,
    };

    /// <summary>The field or property that holds an expression's value, or null where it is held by none.</summary>
    public static ISymbol? Held(ExpressionSyntax expression, SemanticModel semantics, CancellationToken cancellation, int hops = 0)
    {
        ExpressionSyntax bare = expression;
        while (bare is ParenthesizedExpressionSyntax or CastExpressionSyntax or PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression })
        {
            bare = bare switch
            {
                ParenthesizedExpressionSyntax parenthesized => parenthesized.Expression,
                CastExpressionSyntax cast => cast.Expression,
                _ => ((PostfixUnaryExpressionSyntax)bare).Operand,
            };
        }

        ISymbol? symbol = semantics.GetSymbolInfo(bare, cancellation).Symbol;
        return symbol switch
        {
            IFieldSymbol or IPropertySymbol when Member.Holds(symbol) => symbol,
            IPropertySymbol property when hops < MostHops => HeldBehind(property, semantics.Compilation, cancellation, hops + 1),
            _ => null,
        };
    }

    /// <summary>The member whose value a property hands on, as in <c>Query => _query</c>.</summary>
    private static ISymbol? HeldBehind(IPropertySymbol property, Compilation compilation, CancellationToken cancellation, int hops) =>
        property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is PropertyDeclarationSyntax { ExpressionBody.Expression: var given }
        && given is IdentifierNameSyntax or MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax }
            ? Held(given, compilation.GetSemanticModel(given.SyntaxTree), cancellation, hops)
            : null;
}
