using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>What there is to look at in a trained LoRTA adapter, and to leave out of it.</summary>
[Collection(GlueProgram.Collection)]
public sealed class LortaToolsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model = SharedData.Require("reference/models/bert-tiny");

    public void Dispose() => _folder.Dispose();

    private string Run => Path.Combine(_folder.Path, "run");

    private string Pruned => Path.Combine(_folder.Path, "pruned");

    [Theory]
    [InlineData("heads,layers,qkvp")]
    [InlineData("")]
    public async Task Picture_needs_the_adapter_alone(string modes)
    {
        (await Train("--modes", modes)).AssertWentWell();
        string alone = Path.Combine(_folder.Path, "alone");
        Directory.CreateDirectory(alone);
        foreach (string name in new[] { AdapterFolder.ConfigName, AdapterFolder.WeightsName })
        {
            File.Copy(Path.Combine(Run, name), Path.Combine(alone, name));
        }

        string picture = Path.Combine(_folder.Path, "components.png");
        (await GlueProgram.RunHere("info", alone, "--picture", picture)).AssertWentWell();
        using var image = new ScottPlot.Image(picture);
        // Rows of 18 points: four heads, three layers, four matrices, and two gaps.
        Assert.Equal((900, 180 + (18 * 13)), (image.Width, image.Height));
    }

    [Fact]
    public async Task Pruning_to_the_whole_rank_changes_nothing_and_to_less_writes_a_smaller_adapter()
    {
        (await Train()).AssertWentWell();
        Outcome whole = (await Prune("4", "--data", Table())).AssertWentWell();
        Assert.Contains("What is gone is 0.00 %", whole.Output);
        string[][] lines = [.. whole.Output.Split('\n').Where(line => line.Contains("before") || line.Contains("after")).Select(Words)];
        Assert.Equal(lines[0][1..], lines[1][1..]);

        Outcome less = (await Prune("1", "--data", Table())).AssertWentWell();
        string[] after = Words(less.Output.Split('\n').Single(line => line.Contains("after")));
        Assert.Equal(["after", "1", $"{32 + 8 + 4 + 3 + 4}"], after[..3]);
        JsonObject written = Read(Path.Combine(Pruned, "glue.json"));
        Assert.Equal((long)Read(Path.Combine(Run, "glue.json"))["parameters"]! - (3 * 51), (long)written["parameters"]!);

        string scored = Path.Combine(_folder.Path, "scored.json");
        (await GlueProgram.RunHere("evaluate", "--adapter", Pruned, "--data", Table(), "--json", scored)).AssertWentWell();
        Assert.Equal(after[3], $"{(double)Read(scored)["best"]!["metrics"]!["accuracy"]!:F4}");
        Assert.DoesNotContain("accuracy", (await Prune("2")).AssertWentWell().Output);
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        (await Train()).AssertWentWell();
        (await GlueProgram.RunHere("prune", "--adapter", Run, "--rank", "5", "--out", Pruned)).AssertRefused("The rank to keep is 5: choose one from 1 to the adapter's, 4.");
        (await GlueProgram.RunHere("prune", "--adapter", Run, "--rank", "2", "--out", Run)).AssertRefused("is the adapter itself, which would be lost");
        (await GlueProgram.RunHere("prune", "--adapter", Run, "--rank", "2", "--out", Run + "/")).AssertRefused("is the adapter itself, which would be lost");
        (await GlueProgram.RunHere("prune", "--adapter", Run, "--out", Pruned)).AssertRefused("--rank");
        Directory.Delete(Run, recursive: true);
        (await Train("--method", "lora")).AssertWentWell();
        (await GlueProgram.RunHere("prune", "--adapter", Run, "--rank", "2", "--out", Pruned)).AssertRefused("was trained by lora: only LoRTA's");
        (await GlueProgram.RunHere("info", Run, "--picture", Path.Combine(_folder.Path, "x.png"))).AssertRefused("holds an adapter of lora: --picture draws");
        Assert.False(Directory.Exists(Pruned));
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static JsonObject Read(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    private Task<Outcome> Prune(string rank, params string[] more) => GlueProgram.Run(["prune", "--adapter", Run, "--rank", rank, "--out", Pruned, .. more]);

    private Task<Outcome> Train(params string[] more) => GlueProgram.RunHere(
        ["train", "--model", _model, "--data", Table(), "--dev", Table(), "--text", "body", "--label", "kind", "--rank", "4", "--epochs", "6", "--batch", "8", "--quiet", "--out", Run, .. more]);

    private string Table()
    {
        IEnumerable<string> rows = Enumerable.Range(0, 32).Select(row => row % 2 == 0 ? $"bug,it broke {row} times" : $"ask,\"how, {row}?\"");
        return _folder.Write("mine.csv", "kind,body\n" + string.Join('\n', rows) + "\n");
    }
}
