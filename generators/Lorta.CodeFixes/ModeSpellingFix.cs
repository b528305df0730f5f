using System;
using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading.Tasks;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.CodeFixes;

/// <summary>Spells modes as they are called, and names each once.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(ModeSpellingFix))]
[Shared]
public sealed class ModeSpellingFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Descriptors.UnknownMode.Id, Descriptors.RepeatedMode.Id];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span, getInnermostNodeForTie: true) is LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression } literal)
        {
            string corrected = Correct(literal.Token.ValueText);
            context.RegisterCodeFix(
                CodeAction.Create(
                    $"Write \"{corrected}\"",
                    _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceToken(
                        literal.Token, SyntaxFactory.Literal(corrected).WithTriviaFrom(literal.Token)))),
                    nameof(ModeSpellingFix)),
                context.Diagnostics);
        }
    }

    /// <summary>Each name replaced by the most similar mode, and repetitions left out.</summary>
    private static string Correct(string modes) => string.Join(",", modes.Split(',')
        .Select(name => name.Trim().ToLowerInvariant())
        .Where(name => name.Length > 0)
        .Select(name => SettingsParser.ModeNames.Keys.OrderBy(mode => Distance(name, mode)).First())
        .Distinct());

    /// <summary>How many letters must be put in, taken out or changed (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        int[] previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (int i = 1; i <= left.Length; i++)
        {
            int[] current = new int[right.Length + 1];
            current[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[right.Length];
    }
}
