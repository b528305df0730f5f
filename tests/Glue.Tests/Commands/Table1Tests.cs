using System.Diagnostics;
using System.Text.Json.Nodes;
using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>Table 1 on a tiny checkpoint with random weights.</summary>
[Collection(GlueProgram.Collection)]
public sealed class Table1Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model = SharedData.Require("reference/models/bert-tiny");
    private readonly string _glue = SharedData.Require("glue");

    public void Dispose() => _folder.Dispose();

    private string Cells => Path.Combine(_folder.Path, "cells");

    [Fact]
    public async Task Table_is_the_median_of_its_cells_which_are_what_train_gives()
    {
        (await Reproduce("--tasks", "sst-2,mrpc", "--seeds", "1,2,3", "--methods", "head,lora:rank=2:targets=query+value:rate=2e-3,lorta:rank=2")).AssertWentWell();
        string[] methods = ["head", "lora-r2-targets=query+value-rate=2e-3", "lorta-r2"];
        JsonArray rows = Read(Path.Combine(_folder.Path, "table1.json"))["rows"]!.AsArray();
        Assert.Equal(methods, rows.Select(row => (string?)row!["method"]));
        // Three layers of width 32 with four heads: 3 * 2 matrices * r * 2d, and r * (d + d/H + H + L + 4).
        Assert.Equal([0L, 3 * 2 * 2 * 64, 2 * (32 + 8 + 4 + 3 + 4)], rows.Select(row => (long)row!["parameters"]!));
        string[] lines = File.ReadAllLines(Path.Combine(_folder.Path, "table1.csv"));
        Assert.Equal("method,parameters,sst-2 median,sst-2 lowest,sst-2 highest,mrpc median,mrpc lowest,mrpc highest,average", lines[0]);
        for (int row = 0; row < methods.Length; row++)
        {
            string[] fields = lines[row + 1].Split(',');
            double[] sst2 = [.. LastScores("sst-2", methods[row]).Order()];
            double[] mrpc = [.. LastScores("mrpc", methods[row]).Order()];
            double[] expected = [sst2[1], sst2[0], sst2[2], mrpc[1], mrpc[0], mrpc[2], (sst2[1] + mrpc[1]) / 2];
            Assert.Equal(expected, fields[2..].Select(double.Parse));
        }

        Assert.All(new[] { "table1.png", "curves-sst-2.png", "curves-mrpc.png" }, AssertPicture);
        string json = Path.Combine(_folder.Path, "train.json");
        (await GlueProgram.RunHere(
            "train", "--task", "mrpc", "--data", Path.Combine(_glue, "MRPC"), "--model", _model, "--limit", "24", "--epochs", "2", "--max-length", "32", "--seed", "2",
            "--method", "lora", "--rank", "2", "--targets", "query,value", "--rate", "2e-3", "--quiet", "--out", Path.Combine(_folder.Path, "run"), "--json", json)).AssertWentWell();
        AssertSame(Read(json), Cell($"mrpc-{methods[1]}-2"));
    }

    [Fact]
    public async Task Cells_that_are_there_are_kept_also_those_of_earlier_reports_and_others_are_trained()
    {
        string[] arguments = ["--tasks", "mrpc", "--seeds", "1,2", "--methods", "head,lorta:rank=2"];
        (await Reproduce(arguments)).AssertWentWell();
        JsonObject old = Cell("mrpc-head-1");
        old.Remove("settings");
        old.Remove("adapterParameters");
        old["epochs"]![1]!["metrics"]!["accuracy"] = 0.25;
        File.WriteAllText(CellFile("mrpc-head-1"), old.ToJsonString());
        JsonObject lost = Cell("mrpc-lorta-r2-2");
        File.Delete(CellFile("mrpc-lorta-r2-2"));
        DateTime kept = File.GetLastWriteTimeUtc(CellFile("mrpc-lorta-r2-1"));

        (await Reproduce(arguments)).AssertWentWell();
        AssertSame(lost, Cell("mrpc-lorta-r2-2"));
        Assert.Equal(kept, File.GetLastWriteTimeUtc(CellFile("mrpc-lorta-r2-1")));
        JsonNode head = Read(Path.Combine(_folder.Path, "table1.json"))["rows"]![0]!["scores"]![0]!;
        Assert.Equal(0.25, (double)head["lowest"]!);

        (await Reproduce([.. arguments, "--batch", "4"])).AssertRefused("mrpc-lorta-r2-1.json was trained with other settings (batch 32, not 4)");
        File.WriteAllText(CellFile("mrpc-head-2"), "{}");
        (await Reproduce(arguments)).AssertRefused("mrpc-head-2.json is no report of a run");
    }

    [Fact]
    public async Task Stopped_cell_goes_on_to_the_same_numbers()
    {
        string[] arguments = ["--tasks", "mrpc", "--seeds", "1", "--methods", "lorta:rank=2", "--epochs", "20", "--save-steps", "1"];
        using (Process process = GlueProgram.Start(Arguments(arguments)))
        {
            string state = Path.Combine(Cells, "mrpc-lorta-r2-1.state.safetensors");
            while (!File.Exists(state))
            {
                Assert.False(process.HasExited, "the run ended before it wrote its state");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            GlueProgram.Interrupt(process);
            (await GlueProgram.End(process)).AssertRefused("the same command goes on from");
        }

        Assert.False(File.Exists(CellFile("mrpc-lorta-r2-1")));
        (await Reproduce(arguments)).AssertWentWell();
        Assert.Equal([CellFile("mrpc-lorta-r2-1")], Directory.EnumerateFiles(Cells));
        JsonObject resumed = Cell("mrpc-lorta-r2-1");
        File.Delete(CellFile("mrpc-lorta-r2-1"));
        (await Reproduce(arguments)).AssertWentWell();
        AssertSame(Cell("mrpc-lorta-r2-1"), resumed);
    }

    [Theory]
    [InlineData("'prompt' is no method: choose one of lorta, head", "--methods", "head,prompt")]
    [InlineData("The method head has no option 'rank'", "--methods", "head:rank=2")]
    [InlineData("--methods lora:rank: write each option once", "--methods", "lora:rank")]
    [InlineData("--methods lora:rate=fast: rate must be a number", "--methods", "lora:rate=fast")]
    [InlineData("lora-r2 is named twice", "--methods", "lora:rank=2,lora:rank=2")]
    [InlineData("Rank is 99: choose one from 1 to the model's width, 32", "--methods", "head,lorta:rank=99")]
    [InlineData("--task snli: no such task", "--tasks", "snli")]
    [InlineData("glue has no folder rte", "--tasks", "rte")]
    [InlineData("--seeds 1,x: x is no whole number", "--seeds", "1,x")]
    [InlineData("name at least one seed, and each once", "--seeds", "1,1")]
    [InlineData("name at least one task, and each once", "--tasks", "mrpc,MRPC")]
    [InlineData("name at least one task, and each once", "--tasks", ",")]
    [InlineData("name at least one method", "--methods", "")]
    [InlineData("--preset large: no such preset", "--preset", "large")]
    public async Task What_cannot_be_is_refused_before_anything_is_trained(string complaint, params string[] arguments)
    {
        (await Reproduce([.. arguments.Contains("--tasks") ? Array.Empty<string>() : ["--tasks", "mrpc"], .. arguments])).AssertRefused(complaint);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Cell_that_diverges_is_named()
    {
        (await Reproduce("--tasks", "mrpc", "--seeds", "1", "--methods", "lora:rank=2:rate=1e30")).AssertRefused("mrpc-lora-r2-rate=1e30-1 diverged at step");
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Tasks_without_their_data_are_refused() =>
        (await GlueProgram.RunHere("reproduce", "table1", "--tasks", "mrpc")).AssertRefused("--tasks mrpc: --data must name the folder");

    private Task<Outcome> Reproduce(params string[] more) => GlueProgram.RunHere(Arguments(more));

    private string[] Arguments(string[] more) =>
    [
        "reproduce", "table1", "--model", _model, "--data", _glue, "--limit", "24", "--max-length", "32", "--quiet", "--out", _folder.Path,
        .. more.Contains("--epochs") ? Array.Empty<string>() : ["--epochs", "2"], .. more,
    ];

    private IEnumerable<double> LastScores(string task, string method) => new[] { 1, 2, 3 }
        .Select(seed => (double)Cell($"{task}-{method}-{seed}")["epochs"]![1]!["metrics"]!["accuracy"]!);

    private string CellFile(string name) => Path.Combine(Cells, name + ".json");

    private JsonObject Cell(string name) => Read(CellFile(name));

    private static JsonObject Read(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    /// <summary>Two reports of the same run, but for the time it took.</summary>
    private static void AssertSame(JsonObject expected, JsonObject actual)
    {
        expected.Remove("seconds");
        actual.Remove("seconds");
        Assert.Equal(expected.ToJsonString(), actual.ToJsonString());
    }

    private void AssertPicture(string name) =>
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(_folder.Path, name))[..4]);
}
