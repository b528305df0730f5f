using System.Text.RegularExpressions;
using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>The same task through ML.NET.</summary>
[Collection(GlueProgram.Collection)]
public sealed partial class PipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("agreement")]
    [InlineData("agreement", "--method", "bitfit")]
    [InlineData("mrpc", "--orientation", "reference")]
    public async Task Pipeline_gives_the_same_numbers(string task, params string[] method)
    {
        string[] rows = task == "agreement" ? [] : ["--task", task, "--data", SharedData.Require("glue/MRPC"), "--model", SharedData.Require("reference/models/bert-tiny")];
        string[] training = ["train", .. rows, "--limit", "64", "--epochs", "1", "--seed", "3", "--max-length", "32", .. method];
        Outcome plain = (await GlueProgram.Run([.. training, "--out", Path.Combine(_folder.Path, "plain")])).AssertWentWell();
        string run = Path.Combine(_folder.Path, "pipeline");
        Outcome pipeline = (await GlueProgram.Run([.. training, "--out", run, "--mlnet"])).AssertWentWell();
        Assert.NotEmpty(Epochs(plain));
        Assert.Equal(Epochs(plain), Epochs(pipeline));
        Assert.Contains("FeaturizeText and SDCA", pipeline.Output, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(run, "model.zip")], Directory.EnumerateFiles(run));
    }

    [Fact]
    public async Task Scores_are_learnt_too()
    {
        string table = _folder.Write("scores.csv", "body,stars\n" + string.Concat(Enumerable.Range(0, 24).Select(row => $"it fell {row} times,{row % 5}\n")));
        Outcome outcome = (await GlueProgram.Run(
            "train", "--data", table, "--text", "body", "--label", "stars", "--regression", "--epochs", "1", "--mlnet", "--out", Path.Combine(_folder.Path, "run"))).AssertWentWell();
        Assert.Equal(2, outcome.Output.Split("pearson").Length - 1);
    }

    [Theory]
    [InlineData("--schedule", "cosine")]
    [InlineData("--json", "x.json")]
    [InlineData("--save-steps", "3")]
    public async Task What_the_estimator_lacks_is_refused_by_name(string option, string value) =>
        (await GlueProgram.RunHere("train", "--mlnet", option, value, "--out", Path.Combine(_folder.Path, "run"))).AssertRefused(option);

    private static IEnumerable<string> Epochs(Outcome outcome) => EpochLine().Matches(outcome.Error).Select(match => match.Value);

    [GeneratedRegex(@"epoch \d+/\d+: loss [^(]*")]
    private static partial Regex EpochLine();
}
