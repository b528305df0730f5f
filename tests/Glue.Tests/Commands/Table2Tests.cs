using System.Text.Json.Nodes;
using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>Table 2, for a checkpoint and for sizes alone.</summary>
[Collection(GlueProgram.Collection)]
public sealed class Table2Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--rank", "1")]
    [InlineData("--rank", "2", "--layers", "5", "--width", "48", "--heads", "6")]
    public async Task Formula_is_what_attached_adapters_train(params string[] arguments)
    {
        string[] model = arguments.Contains("--layers") ? [] : ["--model", SharedData.Require("reference/models/bert-tiny")];
        JsonObject table = await Count([.. arguments, .. model]);
        JsonNode[] costs =
        [
            table["lora"]!,
            .. table["rows"]!.AsArray().SelectMany(row => new[] { row!["sameRank"]!, row["sameTotalRank"]! }),
        ];
        Assert.Equal(17, costs.Length);
        Assert.All(costs, cost => Assert.Equal((long)cost["formula"]!, (long)cost["attached"]!));
    }

    [Fact]
    public async Task Llama2_saves_what_the_paper_prints_at_the_same_total_rank_whatever_the_rank()
    {
        foreach (int rank in new[] { 1, 8 })
        {
            JsonObject table = await Count("--layers", "32", "--width", "4096", "--heads", "32", "--rank", $"{rank}");
            JsonNode all = table["rows"]!.AsArray()[^1]!;
            Assert.Equal("heads,layers,qkvp", (string?)all["modes"]);
            Assert.Equal(128 * rank, (int)all["sameTotalRank"]!["rank"]!);
            Assert.Equal(1 - (4292 / 8192.0), (double)all["sameTotalRank"]!["saving"]!, 12);
            Assert.Equal(1 - (4292 / 8192.0 / 128), (double)all["sameRank"]!["saving"]!, 12);
        }
    }

    [Fact]
    public async Task Rank_above_the_width_has_no_row_of_the_same_total()
    {
        JsonObject table = await Count("--layers", "3", "--width", "32", "--heads", "4", "--rank", "4");
        Assert.Null(table["rows"]!.AsArray()[^1]!["sameTotalRank"]);
    }

    [Theory]
    [InlineData("--layers, --width and --heads go together", "--layers", "3", "--width", "32")]
    [InlineData("--model or --layers, --width and --heads", "--model", "x", "--layers", "3", "--width", "32", "--heads", "4")]
    [InlineData("--heads 5 do not divide --width 32", "--layers", "3", "--width", "32", "--heads", "5")]
    [InlineData("Rank is 33: choose one from 1 to", "--layers", "3", "--width", "32", "--heads", "4", "--rank", "33")]
    public async Task What_cannot_be_is_refused(string complaint, params string[] arguments) =>
        (await GlueProgram.RunHere(["reproduce", "table2", .. arguments])).AssertRefused(complaint);

    private async Task<JsonObject> Count(params string[] arguments)
    {
        string json = Path.Combine(_folder.Path, "table2.json");
        (await GlueProgram.RunHere(["reproduce", "table2", "--json", json, .. arguments])).AssertWentWell();
        return JsonNode.Parse(File.ReadAllText(json))!.AsObject();
    }
}
