using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lorta.Generators.Tests.Generation;

/// <summary>What an edit makes the generator do again.</summary>
public sealed class IncrementalTests
{
    private static readonly string Second = Sample.With(("namespace Demo;", "namespace Second;"));
    private const string Unrelated = "internal static class Unrelated { public static int Count(int x) => x + 1; }";

    [Fact]
    public void AnEditElsewhereRunsNothingAgain()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = After((1, Unrelated, Unrelated.Replace("x + 1", "x + 2")));
        Assert.All(reasons, step => Assert.All(step.Value, IsKept));
    }

    [Fact]
    public void AnEditOfTheModelsFileRunsOnlyInterceptorsAgain()
    {
        // A line above everything: each call moves, and what is found stays.
        Dictionary<string, IncrementalStepRunReason[]> reasons = After((0, Sample.Model, "// moved\n" + Sample.Model));
        Assert.All(reasons[StepNames.Models], IsKept);
        Assert.All(reasons[StepNames.Holders], IsKept);
        Assert.All(reasons[StepNames.Kernels], IsKept);
        Assert.All(reasons[StepNames.InterceptorsAllowed], IsKept);
        Assert.Contains(IncrementalStepRunReason.Modified, reasons[StepNames.Calls]);
        Assert.Equal([IncrementalStepRunReason.Modified], reasons[StepNames.Interceptors]);

        // The interceptors' text is written again; the texts of the kernels and the typed adapters follow from kept steps.
        Assert.Equal([IncrementalStepRunReason.Modified], reasons["ImplementationSourceOutput"]);
    }

    [Fact]
    public void AnEditInsideAMethodLeavesWhatItDoesNotTouch()
    {
        string edited = Sample.With(("return x;\n    }\n}\n\npublic sealed class Block", "return x + 0;\n    }\n}\n\npublic sealed class Block"));
        Dictionary<string, IncrementalStepRunReason[]> reasons = After((0, Sample.Model, edited));
        Assert.All(reasons[StepNames.Models], IsKept);
        Assert.All(reasons[StepNames.Holders], IsKept);
    }

    [Fact]
    public void AnotherRankRunsOneModelAgain()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = After((0, Sample.Model, Sample.With(("Rank = 8", "Rank = 9"))));
        Assert.Single(reasons[StepNames.Models], IncrementalStepRunReason.Modified);
        Assert.Equal(2, reasons[StepNames.Models].Length);
        Assert.All(reasons[StepNames.Holders], IsKept);
    }

    [Fact]
    public void AnEditOfTheAttentionInAnotherFileRunsTheModelAgain()
    {
        int split = Sample.Model.IndexOf("public sealed class Attention", StringComparison.Ordinal);
        string attention = "using TorchSharp.Modules;\nusing static TorchSharp.torch;\nusing static TorchSharp.torch.nn;\n\nnamespace Demo;\n\n" + Sample.Model[split..];
        Dictionary<string, IncrementalStepRunReason[]> reasons = After(
            [Sample.Model[..split], attention], 1, attention.Replace("_heads", "_numHeads"));
        Assert.Equal([IncrementalStepRunReason.Modified], reasons[StepNames.Models]);
    }

    [Fact]
    public void ASecondModelLeavesTheFirst()
    {
        CSharpCompilation before = Harness.Compile(null, Sample.Model);
        GeneratorDriver driver = Harness.Driver().RunGenerators(before, TestContext.Current.CancellationToken);
        driver = driver.RunGenerators(before.AddSyntaxTrees(Harness.Parse(Second, "Second.cs")), TestContext.Current.CancellationToken);
        IncrementalStepRunReason[] reasons = Reasons(driver)[StepNames.Models];
        Assert.Equal([IncrementalStepRunReason.Cached, IncrementalStepRunReason.New], reasons.OrderByDescending(reason => reason));
    }

    private static Dictionary<string, IncrementalStepRunReason[]> After((int File, string Before, string After) edit)
    {
        string[] sources = [Sample.Model, Unrelated, Second];
        Assert.Equal(edit.Before, sources[edit.File]);
        return After(sources, edit.File, edit.After);
    }

    private static Dictionary<string, IncrementalStepRunReason[]> After(string[] sources, int file, string edited)
    {
        CSharpCompilation before = Harness.Compile(null, sources);
        GeneratorDriver driver = Harness.Driver().RunGenerators(before);
        SyntaxTree tree = before.SyntaxTrees[file];
        return Reasons(driver.RunGenerators(before.ReplaceSyntaxTree(tree, Harness.Parse(edited, tree.FilePath))));
    }

    private static Dictionary<string, IncrementalStepRunReason[]> Reasons(GeneratorDriver driver)
    {
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        return result.TrackedSteps.Where(step => typeof(StepNames).GetFields().Any(name => name.Name == step.Key)).Concat(result.TrackedOutputSteps)
            .ToDictionary(step => step.Key, step => step.Value.SelectMany(run => run.Outputs).Select(output => output.Reason).ToArray());
    }

    private static void IsKept(IncrementalStepRunReason reason) =>
        Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, reason.ToString());
}
