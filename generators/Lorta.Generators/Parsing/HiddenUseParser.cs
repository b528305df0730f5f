using System.Linq;
using System.Threading;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Parsing;

/// <summary>Reads uses that could be those of a projection, and that interceptors do not see.</summary>
internal static class HiddenUseParser
{
    // The functions that a forward computes with a weight; others look at it, or start it.
    private static readonly string[] Products = ["linear", "matmul", "mm", "bmm", "addmm", "einsum", "inner", "tensordot", "scaled_dot_product_attention"];

    public static bool IsCandidate(SyntaxNode node, CancellationToken cancellation) => node is MemberAccessExpressionSyntax access
        && (access.Name.Identifier.ValueText == "weight"
            || (access.Name.Identifier.ValueText is "forward" or "call" && !(access.Parent is InvocationExpressionSyntax call && call.Expression == access)));

    public static HiddenUse? Parse(GeneratorSyntaxContext context, CancellationToken cancellation)
    {
        var access = (MemberAccessExpressionSyntax)context.Node;
        SemanticModel semantics = context.SemanticModel;
        bool isWeight = access.Name.Identifier.ValueText == "weight";
        if ((isWeight && !EntersProduct(access))
            || (!isWeight && !IsMethod(semantics.GetSymbolInfo(access, cancellation)))
            || CallParser.Held(access.Expression, semantics, cancellation) is not { } member)
        {
            return null;
        }

        return new(Member.Id(member), isWeight, LocationInfo.Of(access.GetLocation()));
    }

    private static bool IsMethod(SymbolInfo info) => info.Symbol is IMethodSymbol || info.CandidateSymbols.Any(symbol => symbol is IMethodSymbol);

    /// <summary>Whether the value goes into a product as an argument or receiver, perhaps through <c>!</c>, <c>.t()</c> or <c>.T</c>.</summary>
    private static bool EntersProduct(SyntaxNode weight)
    {
        for (SyntaxNode? node = weight.Parent; node is ExpressionSyntax or ArgumentSyntax or ArgumentListSyntax; node = node.Parent)
        {
            if (node is InvocationExpressionSyntax call && Products.Contains(MethodName(call)))
            {
                return true;
            }
        }

        return false;
    }

    private static string? MethodName(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        SimpleNameSyntax name => name.Identifier.ValueText,
        _ => null,
    };
}
