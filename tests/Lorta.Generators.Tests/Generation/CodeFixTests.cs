using System.Collections.Immutable;
using Lorta.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators.Tests.Generation;

public sealed class CodeFixTests
{
    [Fact]
    public Task MakesAClassPartial() => Fixes(
        new MakePartialFix(),
        "LORTA001",
        [("public sealed partial class Encoder", "public sealed class Encoder")],
        ["Make 'Encoder' partial"],
        ("public sealed class Encoder", "public sealed partial class Encoder"));

    [Fact]
    public Task MakesAClassWithoutModifiersPartial() => Fixes(
        new MakePartialFix(),
        "LORTA001",
        [("public sealed partial class Encoder", "class Encoder")],
        ["Make 'Encoder' partial"],
        ("class Encoder", "partial class Encoder"));

    [Fact]
    public Task CorrectsAModesSpelling() => Fixes(
        new ModeSpellingFix(),
        "LORTA007",
        [("heads,layers,qkvp", "Head, layer ,qkv")],
        ["Write \"heads,layers,qkvp\""],
        ("Head, layer ,qkv", "heads,layers,qkvp"));

    [Fact]
    public Task TakesARepeatedModeOut() => Fixes(
        new ModeSpellingFix(),
        "LORTA008",
        [("heads,layers,qkvp", "heads,qkvp,heads")],
        ["Write \"heads,qkvp\""],
        ("heads,qkvp,heads", "heads,qkvp"));

    [Fact]
    public Task MarksTheHeads() => Fixes(
        new MarkMemberFix(),
        "LORTA011",
        [("_heads", "_lanes")],
        ["Mark '_lanes' with [LortaHeads]"],
        ("    private readonly int _lanes;", "    [LortaHeads]\n    private readonly int _lanes;"));

    [Fact]
    public Task MarksTheOutputProjection() => Fixes(
        new MarkMemberFix(),
        "LORTA005",
        [("_dense", "_mix")],
        ["Mark '_mix' with [LortaMatrix(AttentionMatrix.Output)]"],
        ("    private readonly Linear _mix;", "    [LortaMatrix(AttentionMatrix.Output)]\n    private readonly Linear _mix;"));

    [Fact]
    public Task OffersEachOfTheMembersThatCouldBeMeant() => Fixes(
        new MarkMemberFix(),
        "LORTA006",
        [("private readonly Attention _attention;", "private readonly Attention _attention;\n    private readonly Attention _second = new Attention(8, 1);")],
        ["Mark '_attention' with [LortaAttention]", "Mark '_second' with [LortaAttention]"],
        ("    private readonly Attention _attention;", "    [LortaAttention]\n    private readonly Attention _attention;"));

    [Fact]
    public Task OffersTheListsOfModules() => Fixes(
        new MarkMemberFix(),
        "LORTA003",
        [("_query", "_gather"), ("_key", "_mix")],
        ["Mark '_layers' with [LortaLayers]"],
        ("    private readonly ModuleList<Block>", "    [LortaLayers]\n    private readonly ModuleList<Block>"));

    /// <summary>Changes the model so that it is wrong, and applies the first of the fixes that are offered.</summary>
    private static async Task Fixes(CodeFixProvider provider, string id, (string Old, string New)[] wrong, string[] titles, (string Old, string New) mended)
    {
        string source = Sample.With(wrong);
        using var workspace = new AdhocWorkspace();
        ProjectId projectId = ProjectId.CreateNewId();
        DocumentId documentId = DocumentId.CreateNewId(projectId);
        Solution solution = workspace.CurrentSolution.AddProject(projectId, "Models", "Models", LanguageNames.CSharp)
            .AddDocument(documentId, "Model.cs", SourceText.From(source), filePath: "Model.cs");
        Diagnostic diagnostic = Harness.Run(source).Diagnostics.First(diagnostic => diagnostic.Id == id);
        Assert.Contains(id, provider.FixableDiagnosticIds);
        var actions = new List<CodeAction>();
        await provider.RegisterCodeFixesAsync(new CodeFixContext(
            solution.GetDocument(documentId)!, diagnostic.Location.SourceSpan, [diagnostic], (action, _) => actions.Add(action), CancellationToken.None));
        Assert.Equal(titles, actions.Select(action => action.Title));
        ImmutableArray<CodeActionOperation> operations = await actions[0].GetOperationsAsync(CancellationToken.None);
        SourceText result = await operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(documentId)!.GetTextAsync();
        Assert.Equal(Mend(source, mended).ReplaceLineEndings("\n"), result.ToString().ReplaceLineEndings("\n"));
        Assert.DoesNotContain(Harness.Run(result.ToString()).Diagnostics, left => left.Id == id);
    }

    private static string Mend(string source, (string Old, string New) change)
    {
        int at = source.IndexOf(change.Old, StringComparison.Ordinal);
        Assert.True(at >= 0);
        return source[..at] + change.New + source[(at + change.Old.Length)..];
    }
}
