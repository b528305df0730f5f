using Lorta.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Tests.Generation;

public sealed class DiagnosticTests
{
    private const string Heads = "public Attention(int width, int heads)";
    private const string Attribute = "[LortaAdapt(Rank = 8, Modes = \"heads,layers,qkvp\")]";

    /// <summary>Changes to the model, and what they lead to: id, the text at the place, the message.</summary>
    private static readonly Dictionary<string, ((string Old, string New)[] Changes, string[] Expected)> Cases = new()
    {
        ["right"] = ([], ["LORTA014 'Encoder' 'Encoder' is adapted in the layers of '_layers', at query _attention._query, key _attention._key, value _attention._value, output _attention._dense: 8,880 trainable numbers, 35 kB"]),
        ["sizes left open"] = (
            [("private readonly ModuleList<Block> _layers = new ModuleList<Block>(new Block(1024), new Block(1024));", "private readonly ModuleList<Block> _layers;"), ("public Encoder()", "public Encoder(int width, int layers)"), ("=> RegisterComponents();", "{ _layers = new ModuleList<Block>(); for (int i = 0; i < layers; i++) { _layers.Add(new Block(width)); } }")],
            ["LORTA014 'Encoder' 'Encoder' is adapted in the layers of '_layers', at query _attention._query, key _attention._key, value _attention._value, output _attention._dense: 8 * (d + d/H + H + L + 4) trainable numbers"]),
        ["not partial"] = ([("public sealed partial class Encoder", "public sealed class Encoder")], ["LORTA001 'Encoder' 'Encoder' must be partial, because the generator adds members to the annotated class 'Encoder'"]),
        ["not a module"] = ([("partial class Encoder : Module<Tensor, Tensor>", "partial class Encoder : Base"), ("public sealed class Block", "public class Base(string name) { public virtual Tensor forward(Tensor x) => x; protected void RegisterComponents() { } }\n\npublic sealed class Block")], ["LORTA002 'Encoder' 'Encoder' must derive from TorchSharp's nn.Module to be adapted"]),
        ["no layers"] = ([("ModuleList<Block> _layers = new ModuleList<Block>(", "ModuleList<Module<Tensor, Tensor>> _layers = new ModuleList<Module<Tensor, Tensor>>("), ("foreach (Block ", "foreach (var ")], ["LORTA003 'Encoder' 'Encoder' and the modules it holds have no list of layers with attention: mark the member that holds them with [LortaLayers]"]),
        ["no attention"] = ([("    private readonly ModuleList<Block>", "    [LortaLayers]\n    private readonly ModuleList<Block>"), ("_query", "_gather"), ("_key", "_mix")], ["LORTA004 'Encoder' The layers of 'Encoder', of type 'Block', hold no query, key and value projections: mark them with [LortaMatrix]"]),
        ["no output"] = ([("_dense", "_mix")], ["LORTA005 'Encoder' 'Attention' has no Output projection that can be found: mark it with [LortaMatrix(AttentionMatrix.Output)], or leave it out of Targets", "LORTA014 *"]),
        ["no output wanted"] = ([("_dense", "_mix"), ("Rank = 8", "Rank = 8, Targets = AttentionMatrices.Query | AttentionMatrices.Value")], ["LORTA014 *"]),
        ["two queries"] = ([("_dense", "_q")], ["LORTA006 'Encoder' Several members could be the Query projection of 'Attention' (_attention._query, _attention._q): mark the one that is meant with [LortaMatrix(AttentionMatrix.Query)]", "LORTA005 *"]),
        ["two attentions"] = ([("private readonly Attention _attention;", "private readonly Attention _attention;\n    private readonly Attention _second = new Attention(8, 1);")], ["LORTA006 'Encoder' Several members could be the attention of 'Block' (_attention, _second): mark the one that is meant with [LortaAttention]"]),
        ["two lists"] = ([("private readonly ModuleList<Block> _layers", "private readonly Block[] _others = new Block[0];\n    private readonly ModuleList<Block> _layers")], ["LORTA006 'Encoder' Several members could be the list of layers of 'Encoder' (_others, _layers): mark the one that is meant with [LortaLayers]"]),
        ["unknown mode"] = ([("heads,layers,qkvp", "head,layers,qkvp")], ["LORTA007 '\"head,layers,qkvp\"' 'head' is no mode: choose from heads, layers and qkvp, separated by commas"]),
        ["repeated mode"] = ([("heads,layers,qkvp", "heads,layers,heads")], ["LORTA008 '\"heads,layers,heads\"' The mode 'heads' is named twice", "LORTA014 *"]),
        ["no rank"] = ([("Rank = 8", "Rank = 0")], ["LORTA009 '0' The rank 0 must be at least 1, and at most the model's width"]),
        ["rank beyond the width"] = ([("Rank = 8", "Rank = 1025")], ["LORTA009 '1025' The rank 1025 must be at least 1, and at most the model's width, 1024"]),
        ["alpha not a number"] = ([("Rank = 8", "Rank = 8, Alpha = double.NaN")], ["LORTA010 'double.NaN' Alpha is NaN: choose a finite number"]),
        ["dropout of one"] = ([("Rank = 8", "Rank = 8, Dropout = 1")], ["LORTA016 '1' Dropout is 1: choose a probability of at least 0 and below 1"]),
        ["heads not kept"] = ([("private readonly int _heads;", "private readonly int _lanes;"), ("_heads", "_lanes")], ["LORTA011 'Encoder' 'Attention' shows no number of attention heads: keep it in an integer field or property, and mark it with [LortaHeads] where its name is unusual"]),
        ["weight used directly"] = ([("_query.forward(x)", "functional.linear(x, _query.weight!, _query.bias)")], ["LORTA014 *", "LORTA012 '_query.weight' 'Attention._query' is never adapted here, because its weight is used directly: call its forward or call instead"]),
        ["never called"] = ([("Split(_query.forward(x))", "Split(x)")], ["LORTA014 *", "LORTA012 '_query' 'Attention._query' is never adapted here, because no call of it can be seen: call its forward or call instead"]),
        ["passed on"] = ([("Split(_query.forward(x))", "Split(System.Linq.Enumerable.First(System.Linq.Enumerable.Select(new[] { x }, _query.forward)))")], ["LORTA014 *", "LORTA013 '_query.forward' This call of 'Attention._query' is not adapted, because its method is passed on as a delegate: pass a lambda that calls it"]),
        ["private projection class"] = (
            [("private readonly Linear _query;", "private readonly Own _query;\n\n    private sealed class Own(int width) : Module<Tensor, Tensor>(\"own\") { private readonly Parameter weight = new(rand(width, width)); public override Tensor forward(Tensor x) => x.matmul(weight); }"), ("_query = Linear(width, width);", "_query = new Own(width);")],
            ["LORTA017 '_query' '_query' can't be reached from 'Encoder', because the type 'Own' is private: make it internal"]),
        ["private class around"] = (
            [("public sealed class Block", "public sealed class Outer\n{\n    private Hidden _hidden = new(); private sealed class Hidden { public Linear Query = Linear(1, 1), Key = Linear(1, 1), Value = Linear(1, 1), Out = Linear(1, 1); public int Heads = 1; }\n}\n\npublic sealed class Block"), ("ModuleList<Block> _layers = new ModuleList<Block>(new Block(1024), new Block(1024))", "Outer[] _layers = new Outer[2]"), ("foreach (Block layer in _layers)\n        {\n            x = layer.forward(x);\n        }", "_layers.ToString();")],
            ["LORTA017 '_hidden' '_hidden' can't be reached from 'Encoder', because the type 'Hidden' is private: make it internal"]),
        ["private members of a struct"] = (
            [("private readonly Linear _query;", "private readonly Parts _parts;\n\n    internal struct Parts { private readonly Linear _query; private readonly Linear _key; public Parts(int width) { _query = Linear(width, width); _key = Linear(width, width); } public Tensor Run(Tensor x) => _query.forward(_key.forward(x)); }"), ("    private readonly Linear _key;\n    private readonly Linear _value;\n", string.Empty), ("        _query = Linear(width, width);\n        _key = Linear(width, width);\n        _value = Linear(width, width);\n", "        _parts = new Parts(width);\n"), ("Split(_query.forward(x))", "_parts.Run(x)"), ("Split(_key.forward(x))", "x"), ("Split(_value.forward(x))", "x"), ("Rank = 8", "Rank = 8, Targets = AttentionMatrices.Query | AttentionMatrices.Key")],
            ["LORTA017 '_query' '_query' can't be reached from 'Encoder', because the member is private: make it internal", "LORTA017 '_key' '_key' can't be reached from 'Encoder', because the member is private: make it internal"]),
        ["another assembly"] = ([("ModuleList<Block> _layers = new ModuleList<Block>(new Block(1024), new Block(1024))", "ModuleList<Lorta.OutsideModels.CallingLayer> _layers = new ModuleList<Lorta.OutsideModels.CallingLayer>()"), ("foreach (Block ", "foreach (var ")], ["LORTA014 *", "LORTA018 'Encoder' 'CallingLayer' is of another assembly, so its calls can't be intercepted: at run time adapters use forward hooks or replace its weights, as Sites.Projections[i].Route tells"]),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Reports(string name)
    {
        string source = Sample.With(Cases[name].Changes);
        Diagnostic[] reported = [.. Harness.Run(source).Diagnostics];
        string[] told = [.. reported.Select(diagnostic => $"{diagnostic.Id} '{source.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length)}' {diagnostic.GetMessage()}")];
        Assert.Equal(Cases[name].Expected.Order(StringComparer.Ordinal), told.Select(text => Cases[name].Expected.Contains(text[..8] + " *") ? text[..8] + " *" : text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TellsWhereInterceptorsAreOff()
    {
        GeneratorRunResult result = Harness.Run(Harness.Options.WithFeatures([]), [Sample.Model]);
        Diagnostic diagnostic = Assert.Single(result.Diagnostics, diagnostic => diagnostic.Id == "LORTA015");
        Assert.Contains("<InterceptorsNamespaces>", diagnostic.GetMessage());
        Assert.DoesNotContain(result.GeneratedSources, source => source.HintName.Contains("ProjectionCalls"));
    }

    [Fact]
    public void EveryDescriptorHasATestAPageAndARow()
    {
        string root = Root();
        string[] rows = File.ReadAllLines(Path.Combine(root, "generators/Lorta.Generators/AnalyzerReleases.Unshipped.md"));
        string index = File.ReadAllText(Path.Combine(root, "docs/diagnostics/README.md"));
        string[] tested = [.. Cases.Values.SelectMany(test => test.Expected).Select(text => text[..8]), "LORTA015"];
        Assert.Equal(typeof(Descriptors).GetFields().Count(field => field.FieldType == typeof(DiagnosticDescriptor)), Descriptors.All.Length);
        Assert.Equal(Descriptors.All.Length, Descriptors.All.Select(descriptor => descriptor.Id).Distinct().Count());
        foreach (DiagnosticDescriptor descriptor in Descriptors.All)
        {
            Assert.Contains(descriptor.Id, tested);
            string page = File.ReadAllText(Path.Combine(root, "docs/diagnostics", descriptor.Id + ".md"));
            Assert.StartsWith($"# {descriptor.Id}: {descriptor.Title}\n", page);
            string severity = descriptor.DefaultSeverity == DiagnosticSeverity.Info ? "information" : descriptor.DefaultSeverity.ToString().ToLowerInvariant();
            Assert.Contains($"\nSeverity: {severity}\n", page);
            Assert.Single(rows, row => row.StartsWith($"{descriptor.Id} | {descriptor.Category} | {descriptor.DefaultSeverity} |", StringComparison.Ordinal));
            Assert.Contains($"| [{descriptor.Id}]({descriptor.Id}.md) | {severity} | {descriptor.Title} |\n", index);
            Assert.True(descriptor.HelpLinkUri.Length == 0 || descriptor.HelpLinkUri.EndsWith($"docs/diagnostics/{descriptor.Id}.md", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("https://example.org/lorta", "https://example.org/lorta/blob/main/docs/diagnostics/LORTA001.md")]
    public void HelpLinksStartWithTheRepositorysAddress(string? repository, string? link) =>
        Assert.Equal(link, Descriptors.HelpLink("LORTA001", repository));

    internal static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Lorta.Gen.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
