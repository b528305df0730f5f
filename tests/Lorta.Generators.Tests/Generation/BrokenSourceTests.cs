using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Tests.Generation;

/// <summary>Half-typed, broken and adversarial programs: the generator must neither throw nor hang.</summary>
public sealed class BrokenSourceTests
{
    private const int Mutations = 2000;

    private static readonly string[] Pieces =
    [
        "{", "}", "(", ")", "<", ">", ";", ",", ".", "\"", "partial ", "static ", "abstract ", "record ", "struct ", "interface ", "ref ", "in ", "out ", "this",
        "base", "new()", "null!", "default", "=> ", "_query", "Attention", "Encoder", "[LortaHeads] ", "[LortaMatrix(AttentionMatrix.Key)] ", "[LortaMatrix] ",
        "[LortaLayers] ", "[LortaAttention] ", "[LortaAdapt] ", "int ", "Linear ", "where T : T ", "<T>", "async ", "await ", "#if X\n", "/*", "goto a; ", "\0", "é",
    ];

    private static readonly string[] Adversarial =
    [
        // Types that hold each other, and lists of themselves.
        Sample.With(("private readonly int _heads;", "private readonly int _heads; private readonly Block _up; private readonly Encoder _top; private readonly Attention[] _selves;")),
        // Members that are defined by each other.
        Sample.With(("private readonly int _heads;", "private int _heads => Heads; private int Heads => _heads;"), ("_heads = heads;", string.Empty)),
        Sample.With(("_query = Linear(width, width);", "_query = Linear(_query.weight.shape[0] is var n ? (int)n : width, width);")),
        // A base class that derives from its own derived class, and generics without an end.
        Sample.With(("public sealed class Block : Module<Tensor, Tensor>", "public class Block : Deep<Block>"), ("public sealed class Attention", "public class Deep<T> : Block where T : Deep<Deep<T>> { public Deep<Deep<T>> _next; }\npublic sealed class Attention")),
        // A crowd of types that all hold all.
        Sample.Model + string.Concat(Enumerable.Range(0, 40).Select(i => $"public class N{i} {{ {string.Concat(Enumerable.Range(0, 40).Select(j => $"public N{j} f{j};"))} }}\n")) + "public partial class Encoder { N0 _crowd; }",
        // Deeply nested expressions.
        Sample.With(("new Block(1024), new Block(1024)", $"new Block({new string('(', 400)}1024{new string(')', 400)})")),
        "[Lorta.LortaAdapt] partial class C { C c; C[] cs; }",
        "[Lorta.LortaAdapt(Modes = null, Rank = int.MaxValue, Targets = (Lorta.AttentionMatrices)(-1))] partial class C<T> : T { }",
        "[Lorta.LortaAdapt] [Lorta.LortaAdapt] partial class C : TorchSharp.torch.nn.Module { [Lorta.LortaLayers] int[] x; [Lorta.LortaHeads] string y; }",
    ];

    [Fact]
    public void NoMutationThrowsOrHangs()
    {
        var random = new Random(20);
        string[] samples = [Sample.Model, .. Adversarial[..4]];
        CSharpCompilation compilation = Harness.Compile(null, Sample.Model);
        GeneratorDriver driver = Harness.Driver();
        for (int i = 0; i < Mutations; i++)
        {
            string source = Mutate(samples[i % samples.Length], random);
            driver = Endure(driver, compilation.ReplaceSyntaxTree(compilation.SyntaxTrees[0], Harness.Parse(source, "Model.cs")), source);
        }
    }

    [Fact]
    public void AdversarialProgramsAreEndured()
    {
        foreach (string source in Adversarial)
        {
            Endure(Harness.Driver(), Harness.Compile(null, source), source);
        }
    }

    /// <summary>Runs the generator, which must come to an end without an exception.</summary>
    private static GeneratorDriver Endure(GeneratorDriver driver, CSharpCompilation compilation, string source)
    {
        // A generator that has not ended by then hangs: the longest of these takes some milliseconds.
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        watchdog.CancelAfter(TimeSpan.FromMinutes(2));
        GeneratorDriver after = driver.RunGenerators(compilation, watchdog.Token);
        Exception? exception = after.GetRunResult().Results.Single().Exception;
        Assert.True(exception is null, $"{exception}\n{source}");
        return after;
    }

    /// <summary>Some pieces of text deleted, put in, doubled or swapped, as a person types, or a merge goes wrong.</summary>
    private static string Mutate(string source, Random random)
    {
        string text = source;
        for (int left = random.Next(1, 5); left > 0; left--)
        {
            SyntaxToken[] tokens = [.. CSharpSyntaxTree.ParseText(text, cancellationToken: TestContext.Current.CancellationToken).GetRoot(TestContext.Current.CancellationToken).DescendantTokens().Where(token => token.Span.Length > 0)];
            if (tokens.Length == 0)
            {
                break;
            }

            SyntaxToken token = tokens[random.Next(tokens.Length)];
            SyntaxToken other = tokens[random.Next(tokens.Length)];
            text = random.Next(7) switch
            {
                0 => text.Remove(token.SpanStart, token.Span.Length),
                1 => text.Insert(token.SpanStart, Pieces[random.Next(Pieces.Length)]),
                2 => text.Remove(token.SpanStart, token.Span.Length).Insert(token.SpanStart, Pieces[random.Next(Pieces.Length)]),
                3 => text.Insert(token.SpanStart, other.Text + " "),
                4 => text[..token.SpanStart],
                5 when token.Parent?.FirstAncestorOrSelf<MemberDeclarationSyntax>() is { } member => text.Remove(member.SpanStart, member.Span.Length),
                6 when token.Parent?.FirstAncestorOrSelf<MemberDeclarationSyntax>() is { } member => text.Insert(member.SpanStart, member.ToString()),
                _ => text.Remove(Math.Min(token.SpanStart, other.SpanStart), Math.Abs(token.SpanStart - other.SpanStart)),
            };
        }

        return text;
    }
}
