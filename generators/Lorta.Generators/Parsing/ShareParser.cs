using System;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Parsing;

/// <summary>
/// Tells which calls of a method surely take the same value: those with the same local or parameter, in one stretch of
/// straight-line code, with nothing between them that could change it.
/// </summary>
internal static class ShareParser
{
    /// <summary>Equal for the calls that take the same value; null where a call stands alone.</summary>
    public static string? Key(InvocationExpressionSyntax call, SemanticModel semantics, CancellationToken cancellation)
    {
        if (call.ArgumentList.Arguments[0] is not { RefKindKeyword.RawKind: 0, Expression: IdentifierNameSyntax name }
            || semantics.GetSymbolInfo(name, cancellation).Symbol is not { } value
            || value is not (ILocalSymbol { IsRef: false } or IParameterSymbol { RefKind: RefKind.None })
            || Region(call) is not { } region)
        {
            return null;
        }

        // The last change before the call: calls after different changes take different values.
        int change = region.DescendantNodes().Where(node => node.Span.End <= call.SpanStart && MayChange(node, value.Name, semantics, cancellation))
            .Select(node => node.Span.End).DefaultIfEmpty(0).Max();
        return $"{call.SyntaxTree.FilePath}:{region.SpanStart}:{value.Name}:{change}";
    }

    /// <summary>The innermost code around a call of which either all is run or nothing.</summary>
    private static SyntaxNode? Region(SyntaxNode call)
    {
        SyntaxNode child = call;
        for (SyntaxNode? node = call.Parent; node is not null; child = node, node = node.Parent)
        {
            switch (node)
            {
                case StatementSyntax and (IfStatementSyntax or ForStatementSyntax or WhileStatementSyntax or DoStatementSyntax or CommonForEachStatementSyntax or TryStatementSyntax or LocalFunctionStatementSyntax):
                case CatchClauseSyntax or FinallyClauseSyntax or ElseClauseSyntax or SwitchSectionSyntax or SwitchExpressionArmSyntax:
                case AnonymousFunctionExpressionSyntax or BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or ArrowExpressionClauseSyntax:
                case ConditionalExpressionSyntax conditional when child != conditional.Condition:
                case BinaryExpressionSyntax binary when child == binary.Right && binary.IsKind(SyntaxKind.CoalesceExpression):
                case BinaryExpressionSyntax logical when child == logical.Right && (logical.IsKind(SyntaxKind.LogicalAndExpression) || logical.IsKind(SyntaxKind.LogicalOrExpression)):
                case ConditionalAccessExpressionSyntax access when child == access.WhenNotNull:
                    return child;
                case MemberDeclarationSyntax:
                    return null;
            }
        }

        return null;
    }

    /// <summary>Whether a piece of code could change a variable or what the tensor in it holds, or leave the straight line.</summary>
    private static bool MayChange(SyntaxNode node, string variable, SemanticModel semantics, CancellationToken cancellation) => node switch
    {
        AssignmentExpressionSyntax assignment => Mentions(assignment.Left, variable),
        ArgumentSyntax { RefKindKeyword.RawKind: not 0 } argument => Mentions(argument, variable),
        InvocationExpressionSyntax call => ChangesInPlace(call, variable, semantics, cancellation),
        AwaitExpressionSyntax or YieldStatementSyntax or LabeledStatementSyntax => true,
        _ => false,
    };

    // TorchSharp's methods that change a tensor end in an underscore; of others nothing is known.
    private static bool ChangesInPlace(InvocationExpressionSyntax call, string variable, SemanticModel semantics, CancellationToken cancellation) =>
        semantics.GetSymbolInfo(call, cancellation).Symbol switch
        {
            IMethodSymbol { Name: "forward" or "call" } => false,
            IMethodSymbol method when method.ContainingAssembly?.Name == "TorchSharp" => method.Name.EndsWith("_", StringComparison.Ordinal),
            _ => call.ArgumentList.Arguments.Any(argument => argument.Expression is IdentifierNameSyntax name && name.Identifier.ValueText == variable),
        };

    private static bool Mentions(SyntaxNode node, string variable) =>
        node.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Any(name => name.Identifier.ValueText == variable);
}
