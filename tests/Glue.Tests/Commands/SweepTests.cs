using System.Text.Json.Nodes;
using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>The search for learning rates, on a table that a tiny checkpoint learns.</summary>
[Collection(GlueProgram.Collection)]
public sealed class SweepTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model = SharedData.Require("reference/models/bert-tiny");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Best_pair_is_what_train_takes_and_gives()
    {
        string[] grid = ["--rates", "1e-5,1e-2", "--head-rates", "1e-5,1e-3"];
        (await Run("sweep", [.. grid, "--method", "lora", "--rank", "2", "--schedule", "constant"])).AssertWentWell();
        string[] names = ["rate-1E-05-head-1E-05", "rate-1E-05-head-0.001", "rate-0.01-head-1E-05", "rate-0.01-head-0.001"];
        JsonObject[] cells = [.. names.Select(name => Read(Path.Combine("cells", name + ".json")))];
        JsonObject best = Read("best.json");
        Assert.Equal(cells.Max(Score), Score(best));
        Assert.Equal(cells.First(cell => Score(cell) == Score(best)).ToJsonString(), best.ToJsonString());
        Assert.True(cells.Min(Score) < Score(best));
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(_folder.Path, "cells", names[0] + ".json"));
        (await Run("sweep", [.. grid, "--method", "lora", "--rank", "2", "--schedule", "constant"])).AssertWentWell();
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(_folder.Path, "cells", names[0] + ".json")));

        (await Run("train", ["--settings", Path.Combine(_folder.Path, "best.json"), "--json", Path.Combine(_folder.Path, "again.json")])).AssertWentWell();
        JsonObject again = Read("again.json");
        best.Remove("seconds");
        again.Remove("seconds");
        Assert.Equal(best.ToJsonString(), again.ToJsonString());
    }

    [Fact]
    public async Task Head_alone_is_trained_once_with_each_of_its_rates()
    {
        (await Run("sweep", ["--method", "head"])).AssertWentWell();
        Assert.Equal(3, Directory.EnumerateFiles(Path.Combine(_folder.Path, "cells")).Count());
    }

    [Fact]
    public async Task Cells_of_another_run_are_refused()
    {
        string[] grid = ["--rates", "1e-3", "--head-rates", "1e-3", "--rank", "2"];
        (await Run("sweep", [.. grid, "--method", "lora"])).AssertWentWell();
        (await Run("sweep", [.. grid, "--method", "dora"])).AssertRefused("was trained with other settings (method lora, not dora)");
        (await Run("sweep", [.. grid, "--method", "lora", "--seed", "2"])).AssertRefused("(seed 1, not 2)");
        (await Run("sweep", [.. grid, "--method", "lora", "--patience", "1"])).AssertRefused("(patience none, not 1)");
        (await Run("sweep", [.. grid, "--method", "lora", "--dev", _folder.Write("dev.csv", "kind,body\nbug,it fell\nask,why?\n")])).AssertRefused("(data ");
    }

    [Fact]
    public async Task First_run_that_diverges_is_left_out_too()
    {
        Outcome outcome = (await GlueProgram.Run(Arguments("sweep", ["--method", "lora", "--rank", "2", "--rates", "1e18,1e-2", "--head-rates", "1e-3"]))).AssertWentWell();
        Assert.Contains("diverged", outcome.Output);
    }

    [Fact]
    public async Task Option_beside_the_settings_goes_before_them()
    {
        string report = Path.Combine(_folder.Path, "report.json");
        (await Run("train", ["--method", "lora", "--rank", "2", "--rate", "5e-3", "--json", report])).AssertWentWell();
        (await Run("train", ["--settings", report, "--rank", "4", "--json", report])).AssertWentWell();
        JsonNode settings = Read("report.json")["settings"]!;
        Assert.Equal((4, 5e-3), ((int)settings["options"]!["rank"]!, (double)settings["rate"]!));
        (await Run("train", ["--settings", report, "--method", "lorta", "--json", report])).AssertWentWell();
        Assert.Equal(("lorta", 1e-2), ((string?)Read("report.json")["method"], (double)Read("report.json")["settings"]!["rate"]!));
    }

    [Fact]
    public async Task Run_behind_the_others_is_stopped_early_and_one_that_diverges_is_left_out()
    {
        Outcome outcome = (await GlueProgram.Run(Arguments("sweep", ["--method", "lora", "--rank", "2", "--rates", "5e-3,1e-2,2e-2,1e-9,1e30", "--head-rates", "1e-5"]))).AssertWentWell();
        Assert.Equal(8, Epochs("rate-0.01-head-1E-05"));
        Assert.InRange(Epochs("rate-1E-09-head-1E-05"), 1, 7);
        string[] lines = outcome.Output.Split('\n');
        Assert.Contains("stopped early", Assert.Single(lines, line => line.Contains("1E-09")));
        Assert.Contains("diverged", Assert.Single(lines, line => line.Contains("1E+30")));
        Assert.False(Directory.EnumerateFiles(Path.Combine(_folder.Path, "cells"), "*.safetensors").Any());
        (await Run("sweep", ["--rates", "1e30", "--head-rates", "1e30"])).AssertRefused("Every run diverged: give lower --rates");
    }

    [Theory]
    [InlineData("--rates 1e-3,0: write numbers above 0", "sweep", "--rates", "1e-3,0")]
    [InlineData("--head-rates x: write numbers above 0", "sweep", "--head-rates", "x")]
    [InlineData("Give --preset or --settings, not both", "train", "--preset", "roberta-base", "--settings", "x.json")]
    [InlineData("x.json cannot be read", "train", "--settings", "x.json")]
    public async Task What_cannot_be_is_refused(string complaint, params string[] arguments) =>
        (await GlueProgram.RunHere(arguments)).AssertRefused(complaint);

    [Fact]
    public async Task Report_of_an_evaluation_is_no_settings()
    {
        string json = Path.Combine(_folder.Path, "scored.json");
        (await Run("train", [])).AssertWentWell();
        (await GlueProgram.RunHere("evaluate", "--adapter", _folder.Path, "--data", Table(), "--json", json)).AssertWentWell();
        (await Run("train", ["--settings", json])).AssertRefused("scored.json does not say how the run was trained");
    }

    private static double Score(JsonObject report) => (double)report["best"]!["metrics"]!["accuracy"]!;

    private int Epochs(string cell) => Read(Path.Combine("cells", cell + ".json"))["epochs"]!.AsArray().Count;

    private JsonObject Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, name)))!.AsObject();

    private Task<Outcome> Run(string command, string[] more) => GlueProgram.RunHere(Arguments(command, more));

    private string[] Arguments(string command, string[] more) =>
    [
        command, "--model", _model, "--data", Table(), .. more.Contains("--dev") ? Array.Empty<string>() : ["--dev", Table()], "--text", "body", "--label", "kind", "--quiet", "--out", _folder.Path, .. more,
        .. more.Contains("--settings") ? Array.Empty<string>() : ["--epochs", "8", "--batch", "8"],
    ];

    private string Table()
    {
        IEnumerable<string> rows = Enumerable.Range(0, 32).Select(row => row % 2 == 0 ? $"bug,it broke {row} times" : $"ask,\"how, {row}?\"");
        return _folder.Write("mine.csv", "kind,body\n" + string.Join('\n', rows) + "\n");
    }
}
