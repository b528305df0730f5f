using System.Collections.Immutable;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators.Tests.Generation;

/// <summary>Runs the generator on source text.</summary>
internal static class Harness
{
    private static readonly MetadataReference[] References =
    [
        .. Net100.References.All,
        MetadataReference.CreateFromFile(typeof(TorchSharp.torch).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(LortaAdaptAttribute).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(OutsideModels.CallingLayer).Assembly.Location),
    ];

    public static CSharpParseOptions Options { get; } = CSharpParseOptions.Default
        .WithLanguageVersion(LanguageVersion.CSharp13)
        .WithDocumentationMode(DocumentationMode.Diagnose)
        .WithFeatures([new("InterceptorsNamespaces", "Lorta.Generated")]);

    /// <summary>A file <c>Model.cs</c>, and others by their numbers.</summary>
    public static CSharpCompilation Compile(CSharpParseOptions? options, params IEnumerable<string> sources) => CSharpCompilation.Create(
        "Models",
        sources.Select((source, index) => Parse(source, index == 0 ? "Model.cs" : $"Other{index}.cs", options)),
        References,
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Enable,
            // As the SDK does: a library may be built against an older runtime.
            specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress)]));

    public static SyntaxTree Parse(string source, string path, CSharpParseOptions? options = null) =>
        CSharpSyntaxTree.ParseText(SourceText.From(source, System.Text.Encoding.UTF8), options ?? Options, path);

    public static GeneratorDriver Driver(CSharpParseOptions? options = null) => CSharpGeneratorDriver.Create(
        [new LortaGenerator().AsSourceGenerator()],
        parseOptions: options ?? Options,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>
    /// What the generator reports and writes. Where it reports no error, the program with what it writes must compile
    /// without a warning.
    /// </summary>
    public static GeneratorRunResult Run(params string[] sources) => Run(null, sources);

    public static GeneratorRunResult Run(CSharpParseOptions? options, string[] sources)
    {
        CSharpCompilation compilation = Compile(options, sources);
        GeneratorDriver driver = Driver(options).RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out ImmutableArray<Diagnostic> _);
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        if (!result.Diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error))
        {
            using var assembly = new MemoryStream();
            Assert.Empty(output.Emit(assembly).Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && !IsUsers(diagnostic)));
        }

        return result;
    }

    public static string Source(this GeneratorRunResult result, string hintName) =>
        result.GeneratedSources.Single(source => source.HintName == hintName).SourceText.ToString();

    // The models of these tests are not documented.
    private static bool IsUsers(Diagnostic diagnostic) =>
        diagnostic.Id == "CS1591" && diagnostic.Location.SourceTree?.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) != true;
}
