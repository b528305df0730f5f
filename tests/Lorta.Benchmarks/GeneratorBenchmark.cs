using Basic.Reference.Assemblies;
using Lorta.Benchmarks.Measuring;
using Lorta.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using TorchSharp;

namespace Lorta.Benchmarks;

/// <summary>What the source generator adds to a compilation, and what it costs while its user types.</summary>
internal static class GeneratorBenchmark
{
    private const string Model = """
        namespace Demo;
        using Lorta;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        [LortaAdapt(Rank = 8, Modes = "heads,layers,qkvp")]
        public sealed partial class Encoder : Module<Tensor, Tensor>
        {
            private readonly ModuleList<Attention> _layers = new ModuleList<Attention>(new Attention(1024, 16), new Attention(1024, 16));

            public Encoder() : base("encoder") => RegisterComponents();

            public override Tensor forward(Tensor x)
            {
                foreach (Attention layer in _layers)
                {
                    x = x + layer.forward(x);
                }

                return x;
            }
        }

        public sealed class Attention : Module<Tensor, Tensor>
        {
            private readonly int _heads;
            private readonly Linear _query, _key, _value, _dense;

            public Attention(int width, int heads) : base("attention")
            {
                _heads = heads;
                (_query, _key, _value, _dense) = (Linear(width, width), Linear(width, width), Linear(width, width), Linear(width, width));
                RegisterComponents();
            }

            public override Tensor forward(Tensor x)
            {
                Tensor context = functional.scaled_dot_product_attention(Split(_query.forward(x)), Split(_key.forward(x)), Split(_value.forward(x)));
                return _dense.forward(context.transpose(1, 2).reshape(x.shape));
            }

            private Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2);
        }
        """;

    private static readonly CSharpParseOptions Options = CSharpParseOptions.Default
        .WithLanguageVersion(LanguageVersion.Latest)
        .WithFeatures([new("InterceptorsNamespaces", "Lorta.Generated")]);

    public static void Run(RunOptions options, Report report)
    {
        WarmUp(options.Quick ? 1 : 40);
        foreach (int classes in options.Quick ? (int[])[1] : [1, 25, 50, 100])
        {
            CSharpCompilation plain = Compilation(classes);
            report.Add(Row.Of($"generator/{classes}-classes/first-run/cpu-time", Samples(() => FirstRun(plain)), "ms"));
            report.Add(Row.Of($"generator/{classes}-classes/after-a-key-stroke/cpu-time", Samples(() => AfterEdit(plain)), "ms"));
            Pairs.Measure(() => Emit(plain.Clone()), () => Emit(Generated(plain.Clone())), options).AddTo(report, $"generator/{classes}-classes/build");

            IEnumerable<double> Samples(Func<TimeSpan> run) => Enumerable.Range(0, options.Pairs).Select(_ => run().TotalMilliseconds);
        }
    }

    /// <summary>Runs the generator until the runtime has optimised its code, as a compiler server that builds again and again has.</summary>
    private static void WarmUp(int runs)
    {
        CSharpCompilation plain = Compilation(10);
        for (int run = 0; run < runs; run++)
        {
            FirstRun(plain);
            AfterEdit(plain);
        }
    }

    private static GeneratorDriver Driver() => CSharpGeneratorDriver.Create([new LortaGenerator().AsSourceGenerator()], parseOptions: Options);

    private static Compilation Generated(CSharpCompilation plain)
    {
        Driver().RunGeneratorsAndUpdateCompilation(plain, out Compilation generated, out _);
        return generated;
    }

    private static void Emit(Compilation compilation)
    {
        using var assembly = new MemoryStream();
        compilation.Emit(assembly);
    }

    /// <summary>The generator's own time on a compilation that it sees for the first time.</summary>
    private static TimeSpan FirstRun(CSharpCompilation plain)
    {
        GeneratorDriver driver = Driver();
        CSharpCompilation unseen = plain.Clone(); // no symbols known yet
        return CpuTime(() => driver.RunGenerators(unseen));
    }

    /// <summary>The generator's second run, after a comment came into another file.</summary>
    private static TimeSpan AfterEdit(CSharpCompilation plain)
    {
        GeneratorDriver driver = Driver().RunGenerators(plain);
        SyntaxTree other = plain.SyntaxTrees[^1];
        CSharpCompilation edited = plain.ReplaceSyntaxTree(other, Parse(other + "// typed", other.FilePath));
        return CpuTime(() => driver.RunGenerators(edited));
    }

    private static TimeSpan CpuTime(Action action)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        action();
        return Environment.CpuUsage.TotalTime - start;
    }

    private static CSharpCompilation Compilation(int classes) => CSharpCompilation.Create(
        "Models",
        [
            .. Enumerable.Range(0, classes).Select(index => Parse(Model.Replace("namespace Demo", $"namespace Demo{index}", StringComparison.Ordinal), $"Model{index}.cs")),
            Parse("namespace Demo; public class Other { }", "Other.cs"),
        ],
        [
            .. Net100.References.All,
            MetadataReference.CreateFromFile(typeof(torch).Assembly.Location),
            MetadataReference.CreateFromFile(typeof(LortaAdaptAttribute).Assembly.Location),
        ],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(source, Options, path, System.Text.Encoding.UTF8);
}
