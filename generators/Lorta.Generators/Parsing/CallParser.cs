using System.IO;
using System.Linq;
using System.Threading;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators.Parsing;

/// <summary>Reads calls that could be those of a projection.</summary>
internal static class CallParser
{
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
            PathParser.Text(method.ContainingType),
            known.LineageOf(semantics.GetTypeInfo(receiver, cancellation).Type is { } type && known.IsProjection(type) ? type : method.ContainingType),
            Held(receiver, semantics, cancellation) is { } member ? Member.Id(member) : null,
            ShareParser.Key(call, semantics, cancellation),
            location.Version,
            location.Data,
            Display(call));
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
    private static ISymbol? Held(ExpressionSyntax expression, SemanticModel semantics, CancellationToken cancellation)
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

        return semantics.GetSymbolInfo(bare, cancellation).Symbol switch
        {
            IFieldSymbol field => field,
            IPropertySymbol { IsIndexer: false } property => property,
            _ => null,
        };
    }
}
