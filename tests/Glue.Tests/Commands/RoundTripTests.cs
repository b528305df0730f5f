using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lorta.Adapters;
using Lorta.Models;
using Lorta.Tasks;
using Lorta.Tests;
using Lorta.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Glue.Tests.Commands;

/// <summary>Train, evaluate, predict, export and look into, on a tiny checkpoint with random weights.</summary>
[Collection(GlueProgram.Collection)]
public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model = SharedData.Require("reference/models/bert-tiny");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_trained_can_be_scored_asked_and_exported()
    {
        string run = Path.Combine(_folder.Path, "run");
        string json = Path.Combine(_folder.Path, "train.json");
        (await Train(run, "--json", json)).AssertWentWell();
        JsonElement trained = Read(json);
        Assert.Equal(
            ["task", "method", "rank", "seed", "parameters", "seconds", "epochs", "best", "adapterParameters", "settings"], trained.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("mine", "lorta", 2), (trained.GetProperty("task").GetString(), trained.GetProperty("method").GetString(), trained.GetProperty("rank").GetInt32()));
        Assert.Equal(["epoch", "loss", "metrics"], trained.GetProperty("epochs")[9].EnumerateObject().Select(field => field.Name));

        string scored = Path.Combine(_folder.Path, "evaluate.json");
        (await GlueProgram.RunHere("evaluate", "--adapter", run, "--data", Table(), "--json", scored)).AssertWentWell();
        Assert.Equal(Accuracy(trained), Accuracy(Read(scored)), 12);

        string exported = Path.Combine(_folder.Path, "exported");
        (await GlueProgram.RunHere("export", "--adapter", run, "--out", exported)).AssertWentWell();
        AssertSameLogits(run, exported);

        Outcome info = (await GlueProgram.Run("info", run)).AssertWentWell();
        Assert.Contains("adapter.C_H", info.Output);
        Assert.Contains($"{trained.GetProperty("parameters").GetInt64():N0}".ToString(CultureInfo.InvariantCulture), info.Output);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Every_method_trains_and_loads(string method)
    {
        string run = Path.Combine(_folder.Path, "run");
        string json = Path.Combine(_folder.Path, "train.json");
        string[] options = method == "adapterdrop" ? ["--set", "dropped_layers=1"] : [];
        (await Train(run, ["--method", method, "--epochs", "8", "--json", json, .. options], rank: null)).AssertWentWell();
        JsonElement trained = Read(json);
        double rate = trained.GetProperty("settings").GetProperty("rate").GetDouble();
        Assert.Equal(AdapterMethods.Create(method).DefaultRate, rate);
        Assert.Equal(method == "head", trained.GetProperty("adapterParameters").GetInt64() == 0);

        string scored = Path.Combine(_folder.Path, "evaluate.json");
        (await GlueProgram.RunHere("evaluate", "--adapter", run, "--data", Table(), "--json", scored)).AssertWentWell();
        Assert.Equal(Accuracy(trained), Accuracy(Read(scored)), 12);

        string exported = Path.Combine(_folder.Path, "exported");
        Outcome export = await GlueProgram.RunHere("export", "--adapter", run, "--out", exported);
        if (method.StartsWith("adapter", StringComparison.Ordinal))
        {
            export.AssertRefused($"was trained by {method}, which is no change of the base's weights");
            Assert.False(Directory.Exists(exported));
        }
        else
        {
            export.AssertWentWell();
            AssertSameLogits(run, exported);
        }
    }

    public static TheoryData<string> Methods => [.. AdapterMethods.Names];

    [Fact]
    public async Task Export_overwrites_neither_base_nor_adapter_nor_another_model()
    {
        string run = Path.Combine(_folder.Path, "run");
        string model = Path.Combine(_folder.Path, "base");
        Directory.CreateDirectory(model);
        Array.ForEach(Directory.GetFiles(_model), file => File.Copy(file, Path.Combine(model, Path.GetFileName(file))));
        (await Train(run, "--epochs", "1", "--model", model)).AssertWentWell();
        string link = Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "link"), model).FullName;
        (await Export(model + "/")).AssertRefused("is the base model itself, which would be lost");
        (await Export(link)).AssertRefused("is the base model itself, which would be lost");
        (await Export(run + "/")).AssertRefused("is the adapter's own folder");

        string other = Path.Combine(_folder.Path, "other");
        (await Export(other)).AssertWentWell();
        (await Export(other)).AssertWentWell();
        File.WriteAllText(Path.Combine(other, "merges.txt"), "#version: 0.2");
        (await Export(other)).AssertRefused("merges.txt is of another model's tokenizer");

        Task<Outcome> Export(string target) => GlueProgram.RunHere("export", "--adapter", run, "--out", target);
    }

    [Fact]
    public async Task Base_with_other_weights_is_refused()
    {
        string run = Path.Combine(_folder.Path, "run");
        (await Train(run, "--epochs", "1")).AssertWentWell();
        string exported = Path.Combine(_folder.Path, "exported");
        (await GlueProgram.RunHere("export", "--adapter", run, "--out", exported)).AssertWentWell();
        (await GlueProgram.RunHere("predict", "--adapter", run, "--model", exported, "text")).AssertRefused("was trained on other weights than");
    }

    [Fact]
    public async Task Options_of_the_method_reach_it()
    {
        string run = Path.Combine(_folder.Path, "run");
        (await Train(run, ["--epochs", "1", "--set", "targets=query,value", "--frozen", "a,b", "--alpha", "0.5"])).AssertWentWell();
        JsonElement options = Read(Path.Combine(run, "adapter_config.json")).GetProperty("options");
        Assert.Equal(
            (2, "query, value", "a, b", 0.5),
            (options.GetProperty("rank").GetInt32(), options.GetProperty("targets").GetString(), options.GetProperty("frozen").GetString(), options.GetProperty("alpha").GetDouble()));
    }

    [Fact]
    public async Task Arguments_file_and_standard_input_are_answered_alike()
    {
        string run = Path.Combine(_folder.Path, "run");
        (await Train(run)).AssertWentWell();
        string[] texts = ["red roses", "a blue sky, \u00fcberall", ""];
        byte[] lines = Encoding.UTF8.GetBytes(string.Join('\n', texts) + "\n");
        Outcome arguments = (await GlueProgram.Run(["predict", "--adapter", run, .. texts])).AssertWentWell();
        Outcome file = (await GlueProgram.Run("predict", "--adapter", run, "--file", _folder.Write("lines.txt", lines))).AssertWentWell();
        Outcome input = (await GlueProgram.Run(lines, ["predict", "--adapter", run])).AssertWentWell();
        Assert.Equal(arguments.Output, file.Output);
        Assert.Equal(arguments.Output, input.Output);
        string[][] answers = [.. arguments.Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))];
        Assert.Equal(texts, answers.Select(answer => answer[2]));
        Assert.All(answers, answer => Assert.Contains(answer[0], new[] { "ask", "bug" }));
        (await GlueProgram.Run([.. "good\n"u8, 0xFF, (byte)'\n'], ["predict", "--adapter", run])).AssertRefused("standard input, line 2: the text is not valid UTF-8");
    }

    [Fact]
    public async Task Adapter_of_another_base_is_refused_with_the_size_that_differs()
    {
        string run = Path.Combine(_folder.Path, "run");
        (await Train(run)).AssertWentWell();
        string other = SharedData.Require("models/all-MiniLM-L6-v2");
        (await GlueProgram.RunHere("predict", "--adapter", run, "--model", other, "text")).AssertRefused("the adapter was made for a base with layers");
    }

    [Fact]
    public async Task Interrupted_run_resumes_to_the_same_adapter()
    {
        string whole = Path.Combine(_folder.Path, "whole");
        string halves = Path.Combine(_folder.Path, "halves");
        string[] longer = ["--epochs", "80", "--save-steps", "1"];
        (await Train(whole, longer)).AssertWentWell();

        using (Process process = GlueProgram.Start(TrainArguments(halves, longer)))
        {
            while (!File.Exists(Path.Combine(halves, "state.safetensors")))
            {
                Assert.False(process.HasExited, "the run ended before it wrote its state");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            GlueProgram.Interrupt(process);
            Outcome stopped = await GlueProgram.End(process);
            Assert.Equal(130, stopped.ExitCode);
            stopped.AssertRefused("--resume goes on from");
        }

        (await Train(halves, longer)).AssertRefused("add --resume");
        (await Train(halves, [.. longer, "--resume", "--seed", "9"])).AssertRefused("seed");
        (await Train(halves, [.. longer, "--resume"])).AssertWentWell();
        foreach (string file in new[] { "adapter_model.safetensors", "adapter_config.json", "glue.json" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(halves, file)));
        }

        Assert.Equal(Directory.GetFiles(whole).Select(Path.GetFileName).Order(), Directory.GetFiles(halves).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Killed_runs_resume_to_the_same_adapter()
    {
        const int Kills = 10;
        string whole = Path.Combine(_folder.Path, "whole");
        string killed = Path.Combine(_folder.Path, "killed");
        string state = Path.Combine(killed, "state.safetensors");
        string[] longer = ["--epochs", "120", "--save-steps", "1"]; // 480 steps, of which the killed runs do about 100
        (await Train(whole, longer)).AssertWentWell();

        for (int kill = 0; kill < Kills; kill++)
        {
            DateTime written = File.GetLastWriteTimeUtc(state);
            using Process process = GlueProgram.Start(TrainArguments(killed, kill == 0 ? longer : [.. longer, "--resume"]));
            while (File.GetLastWriteTimeUtc(state) == written)
            {
                Assert.False(process.HasExited, "the run ended before it was killed");
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            await Task.Delay(Random.Shared.Next(20), TestContext.Current.CancellationToken);
            Assert.False(process.HasExited, "the run ended before it was killed");
            process.Kill(); // SIGKILL
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (await Train(killed, [.. longer, "--resume"])).AssertWentWell();
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(whole, "adapter_model.safetensors")), File.ReadAllBytes(Path.Combine(killed, "adapter_model.safetensors")));
    }

    /// <summary>The plain exported model computes what base and adapter compute together.</summary>
    private void AssertSameLogits(string run, string exported)
    {
        using TextClassifier adapted = TextClassifier.Load(run, _model);
        using SequenceClassifier plain = SequenceClassifier.Load(exported);
        TextTokenizer tokenizer = TextTokenizer.Load(exported);
        using DisposeScope scope = NewDisposeScope();
        using TokenBatch batch = TokenBatch.Collate([tokenizer.Encode("it broke 3 times"), tokenizer.Encode("how?")], tokenizer.PadId);
        Tensor difference = plain.forward(batch.InputIds, batch.AttentionMask, batch.TokenTypeIds) - adapted.Logits(batch);
        Assert.InRange(difference.abs().max().ToSingle(), 0, 1e-5f);
    }

    private static JsonElement Read(string path) => JsonDocument.Parse(File.ReadAllText(path)).RootElement;

    private static double Accuracy(JsonElement report) => report.GetProperty("best").GetProperty("metrics").GetProperty("accuracy").GetDouble();

    private Task<Outcome> Train(string folder, params string[] more) => Train(folder, more, rank: 2);

    private Task<Outcome> Train(string folder, string[] more, int? rank) => GlueProgram.RunHere(TrainArguments(folder, more, rank));

    private string[] TrainArguments(string folder, string[] more, int? rank = 2) =>
    [
        "train", .. more.Contains("--model") ? Array.Empty<string>() : ["--model", _model], "--data", Table(), "--dev", Table(), "--text", "body", "--label", "kind",
        .. rank is null ? Array.Empty<string>() : ["--rank", $"{rank}"],
        .. more.Contains("--epochs") ? Array.Empty<string>() : ["--epochs", "10"], "--batch", "8", "--quiet", "--out", folder, .. more,
    ];

    private string Table()
    {
        IEnumerable<string> rows = Enumerable.Range(0, 32).Select(row => row % 2 == 0 ? $"bug,it broke {row} times" : $"ask,\"how, {row}?\"");
        return _folder.Write("mine.csv", "kind,body\n" + string.Join('\n', rows) + "\n");
    }
}
