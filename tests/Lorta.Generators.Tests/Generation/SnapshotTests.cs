using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Tests.Generation;

/// <summary>
/// The text that is generated for the main shapes, as files in <c>Snapshots</c>. Set LORTA_UPDATE_SNAPSHOTS=1 to write them
/// anew, and read the difference before committing it.
/// </summary>
public sealed class SnapshotTests
{
    private static readonly Dictionary<string, string[]> Shapes = new()
    {
        ["AllModes"] = [Sample.Model],
        ["NoModes"] = [Sample.With(("heads,layers,qkvp", string.Empty))],
        ["HeadsAndSettings"] = [Sample.With(("Rank = 8, Modes = \"heads,layers,qkvp\"", "Rank = 4, Alpha = 0.5, Modes = \"heads\", Orientation = HeadOrientation.Reference, RankStabilized = true, Dropout = 0.1, Targets = AttentionMatrices.Query | AttentionMatrices.Value"))],
        ["NestedInAGenericClass"] = [Sample.With(
            ("[LortaAdapt(", "internal partial class Outer<T>\n    where T : class\n{\n[LortaAdapt("),
            ("public sealed class Block", "}\n\npublic sealed class Block"))],
        ["FusedWithFewerKeyHeads"] = [Sample.With(
            ("    private readonly Linear _query;\n    private readonly Linear _key;\n    private readonly Linear _value;\n", "    internal readonly int _kvHeads = 4;\n    private readonly Linear _qkv;\n"),
            ("        _query = Linear(width, width);\n        _key = Linear(width, width);\n        _value = Linear(width, width);\n", "        _qkv = Linear(width, width + (width / 2));\n"),
            ("        Tensor q = Split(_query.forward(x));\n        Tensor k = Split(_key.forward(x));\n        Tensor v = Split(_value.forward(x));\n", "        Tensor[] parts = _qkv.call(x).split([x.shape[2], x.shape[2] / 4, x.shape[2] / 4], -1);\n        (Tensor q, Tensor k, Tensor v) = (parts[0], parts[1], parts[2]);\n"))],
        ["DerivedFromAnAnnotatedClass"] = [Sample.With(
            ("public sealed partial class Encoder : Module<Tensor, Tensor>", "public sealed partial class Encoder() : First;\n\npublic sealed class EncoderLorta;\n\n[LortaAdapt]\npublic partial class First : Module<Tensor, Tensor>"),
            ("public Encoder()", "public First()"))],
        ["AnotherAssembly"] = [Sample.With(
            ("ModuleList<Block> _layers = new ModuleList<Block>(new Block(1024), new Block(1024))", "ModuleList<Lorta.OutsideModels.ForwardingLayer> _layers = new ModuleList<Lorta.OutsideModels.ForwardingLayer>()"),
            ("foreach (Block ", "foreach (var "))],
    };

    public static TheoryData<string> Names => [.. Shapes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void WritesWhatIsKept(string name)
    {
        GeneratorRunResult result = Harness.Run(Shapes[name]);

        // The kernels' text has snapshots of its own.
        GeneratedSourceResult[] sources = [.. result.GeneratedSources.Where(source => !source.HintName.Contains("Kernels"))];
        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity > DiagnosticSeverity.Info);
        string folder = Path.Combine(DiagnosticTests.Root(), "tests/Lorta.Generators.Tests/Generation/Snapshots", name);
        if (Environment.GetEnvironmentVariable("LORTA_UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(folder);
            foreach (GeneratedSourceResult source in sources)
            {
                File.WriteAllText(Path.Combine(folder, source.HintName + ".txt"), source.SourceText.ToString());
            }
        }

        Assert.Equal(
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            sources.Select(source => source.HintName + ".txt").Order(StringComparer.Ordinal));
        foreach (GeneratedSourceResult source in sources)
        {
            string[] expected = File.ReadAllLines(Path.Combine(folder, source.HintName + ".txt"));
            string[] actual = source.SourceText.ToString().TrimEnd('\n').Split('\n');
            int same = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
            Assert.True(
                expected.Length == actual.Length && same == actual.Length,
                $"{name}/{source.HintName}, line {same + 1}:\n- {expected.ElementAtOrDefault(same)}\n+ {actual.ElementAtOrDefault(same)}");
        }
    }
}
