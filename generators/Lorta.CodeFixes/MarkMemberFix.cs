using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Lorta.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace Lorta.CodeFixes;

/// <summary>Puts the attribute that is missing on one of the members that could be meant.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MarkMemberFix))]
[Shared]
public sealed class MarkMemberFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
        [Descriptors.NoLayers.Id, Descriptors.ProjectionMissing.Id, Descriptors.Ambiguous.Id, Descriptors.HeadsUnknown.Id];

    /// <summary>None: which member is meant is a question of its own each time.</summary>
    /// <returns>Null.</returns>
    public override FixAllProvider? GetFixAllProvider() => null;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (!diagnostic.Properties.TryGetValue(DiagnosticInfo.AttributeProperty, out string? attribute) || attribute is null)
            {
                continue;
            }

            foreach (Location candidate in diagnostic.AdditionalLocations)
            {
                if (DocumentOf(candidate, context.Document) is { } document
                    && await MemberAt(document, candidate, context.CancellationToken).ConfigureAwait(false) is { } member)
                {
                    string name = (await document.GetTextAsync(context.CancellationToken).ConfigureAwait(false)).ToString(candidate.SourceSpan);
                    context.RegisterCodeFix(
                        CodeAction.Create(
                            $"Mark '{name}' with [{attribute}]",
                            cancellation => Fix(document, member, attribute, cancellation),
                            $"{nameof(MarkMemberFix)}:{attribute}:{name}"),
                        diagnostic);
                }
            }
        }
    }

    private static Document? DocumentOf(Location location, Document near)
    {
        string path = location.GetLineSpan().Path;
        return near.FilePath == path ? near
            : near.Project.Solution.GetDocumentIdsWithFilePath(path).Select(near.Project.Solution.GetDocument).FirstOrDefault();
    }

    private static async Task<MemberDeclarationSyntax?> MemberAt(Document document, Location location, CancellationToken cancellation) =>
        await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is { } root && root.FullSpan.Contains(location.SourceSpan)
            ? root.FindNode(location.SourceSpan).FirstAncestorOrSelf<MemberDeclarationSyntax>(node => node is FieldDeclarationSyntax or PropertyDeclarationSyntax)
            : null;

    private static async Task<Document> Fix(Document document, MemberDeclarationSyntax member, string attribute, CancellationToken cancellation)
    {
        SyntaxNode root = (await document.GetSyntaxRootAsync(cancellation).ConfigureAwait(false))!;
        AttributeSyntax parsed = ((AttributeListSyntax)SyntaxFactory.ParseCompilationUnit($"[{attribute}] class C;").DescendantNodes().First(node => node is AttributeListSyntax))
            .Attributes[0];
        AttributeListSyntax list = SyntaxFactory.AttributeList([parsed]).WithLeadingTrivia(member.GetLeadingTrivia())
            .WithTrailingTrivia(SyntaxFactory.ElasticCarriageReturnLineFeed).WithAdditionalAnnotations(Formatter.Annotation);
        MemberDeclarationSyntax changed = member.WithLeadingTrivia().WithAttributeLists(member.AttributeLists.Insert(0, list));
        return document.WithSyntaxRoot(root.ReplaceNode(member, changed.WithAdditionalAnnotations(Formatter.Annotation)));
    }
}
