using Lorta.Tests;

namespace Glue.Tests.Commands;

/// <summary>Whatever is wrong, the user gets one sentence and a non-zero exit code.</summary>
[Collection(GlueProgram.Collection)]
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--rank 0: it must be a whole number of at least 1", "train", "--rank", "0")]
    [InlineData("--epochs 0: it must be a whole number of at least 1", "train", "--epochs", "0")]
    [InlineData("--dropout 1.5: it must be a number of at least 0 and at most 0.99", "train", "--dropout", "1.5")]
    [InlineData("--rank x: it must be a whole number", "train", "--rank", "x")]
    [InlineData("The options of lorta: 'tails' is no mode", "train", "--modes", "heads,tails")]
    [InlineData("--method prompt: use one of lorta, head, full, bitfit, lora, rslora", "train", "--method", "prompt")]
    [InlineData("The method adapter-h has no option 'rank': it has bottleneck.", "train", "--method", "adapter-h", "--rank", "4")]
    [InlineData("The method bitfit has no option 'alpha': it has none.", "train", "--method", "bitfit", "--alpha", "4")]
    [InlineData("The method lora has no option 'bases': it has rank, targets, dropout, alpha, rank_stabilized.", "train", "--method", "lora", "--set", "bases=8")]
    [InlineData("the field 'bases' must be a whole number, and is \"many\"", "train", "--method", "nola", "--set", "bases=many")]
    [InlineData("the field 'targets' is 'query,keys', and must be of none, query, key", "train", "--method", "vera", "--targets", "query,keys")]
    [InlineData("Rank is 9999: choose one from 1 to 128", "train", "--method", "dora", "--rank", "9999", "--limit", "8")]
    [InlineData("--set rank: write OPTION=VALUE", "train", "--set", "rank")]
    [InlineData("--set rank=4: rank is set twice", "train", "--rank", "8", "--set", "rank=4")]
    [InlineData("--task squad: no such task", "train", "--task", "squad")]
    [InlineData("--task cola needs --data", "train", "--task", "cola")]
    [InlineData("--dev is for a table of your own", "train", "--task", "cola", "--data", "x", "--dev", "y")]
    [InlineData("--text is for a table of your own", "train", "--text", "a")]
    [InlineData("no settings for agreement", "train", "--preset", "roberta-base")]
    [InlineData("needs --text", "train", "--data", "mine.csv")]
    [InlineData("mine.csv: there is no such file", "train", "--data", "mine.csv", "--text", "a", "--label", "b")]
    [InlineData("/nowhere", "train", "--model", "/nowhere")]
    [InlineData("/nowhere has no glue.json", "predict", "--adapter", "/nowhere", "text")]
    [InlineData("/nowhere: there is no .safetensors file", "info", "/nowhere")]
    [InlineData("--out", "pretrain")]
    [InlineData("'dance'", "dance")]
    [InlineData("--rate 0,01: it must be a number", "train", "--rate", "0,01")]
    [InlineData("--rate 1e300: it must be a number", "train", "--rate", "1e300")]
    [InlineData("the field 'alpha' must be a number, and is \"0,5\"", "train", "--set", "alpha=0,5")]
    [InlineData("--rates", "sweep", "--rates", "1e-3", "--rates", "1e-2")]
    [InlineData("--seed stands before the command train", "--seed", "3", "train")]
    public async Task Bad_option_is_refused_by_name(string complaint, params string[] arguments) =>
        (await GlueProgram.RunHere(arguments)).AssertRefused(complaint);

    [Fact]
    public async Task Unwritable_output_is_refused_and_leaves_nothing()
    {
        string model = SharedData.Require("reference/models/bert-tiny");
        string file = _folder.Write("a file", "");
        Outcome outcome = await GlueProgram.RunHere("train", "--model", model, "--limit", "8", "--epochs", "1", "--quiet", "--out", Path.Combine(file, "run"));
        outcome.AssertRefused("cannot be written");
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Full_disk_is_a_sentence()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no /dev/full.");
        string model = SharedData.Require("reference/models/bert-tiny");
        Outcome outcome = await GlueProgram.RunHere(
            "train", "--model", model, "--limit", "8", "--epochs", "1", "--quiet", "--out", Path.Combine(_folder.Path, "run"), "--json", "/dev/full");
        outcome.AssertRefused("No space left on device");
    }

    [Fact]
    public async Task Pickle_and_unknown_model_are_refused_by_name()
    {
        string model = SharedData.Require("reference/models/bert-tiny");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "pickle"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "other"));
        foreach (string file in Directory.EnumerateFiles(model))
        {
            string name = Path.GetFileName(file);
            File.Copy(file, Path.Combine(_folder.Path, "pickle", name == "model.safetensors" ? "pytorch_model.bin" : name));
            File.Copy(file, Path.Combine(_folder.Path, "other", name));
        }

        string config = Path.Combine(_folder.Path, "other", "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"model_type\": \"bert\"", "\"model_type\": \"elmo\""));
        (await GlueProgram.RunHere("train", "--model", Path.Combine(_folder.Path, "pickle"))).AssertRefused("pytorch_model.bin, a pickle");
        (await GlueProgram.RunHere("train", "--model", Path.Combine(_folder.Path, "other"))).AssertRefused("'elmo'");
    }
}
