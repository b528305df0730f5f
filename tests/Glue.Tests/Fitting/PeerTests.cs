using System.Globalization;
using System.Text.RegularExpressions;
using Glue.Data;
using Glue.Fitting;
using Glue.Tasks;
using Glue.Tests.Commands;
using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Tests;

namespace Glue.Tests.Fitting;

/// <summary>SST-2 at the settings at which the Python peers were measured.</summary>
[Collection(GlueProgram.Collection)]
public class PeerTests
{
    private static readonly int[] Seeds = [1, 2, 3];

    [Fact]
    public void Sst2_reaches_what_the_peers_reach()
    {
        LongTests.Require();
        string peers = File.ReadAllText(SharedData.Require("reference/peers.md"));
        double[] theirLorta = Accuracies(peers, "LoRTA r=8");
        double[] theirHead = Accuracies(peers, "head only");
        Interval lorta = Interval.Of(Seeds.Select(seed => Train(new LortaOptions { Rank = 8, Alpha = 8 }, seed)));
        Interval head = Interval.Of(Seeds.Select(seed => Train(new HeadOnly(), seed)));
        TestContext.Current.TestOutputHelper?.WriteLine($"LoRTA {lorta}, head {head}");

        Interval figure = Interval.Of(theirLorta);
        double error = Math.Sqrt((lorta.StandardError * lorta.StandardError) + (figure.StandardError * figure.StandardError));
        Assert.InRange(lorta.Mean, figure.Mean - (2 * error), 1);
        Assert.True(lorta.Mean - head.Mean >= figure.Mean - theirHead.Average() - (2 * error), $"LoRTA {lorta}, head {head}");
    }

    private static double Train(AdapterMethod method, int seed)
    {
        GlueTask sst2 = GlueTask.Find("sst-2");
        var options = new FineTuningOptions { Epochs = 2, BatchSize = 32, HeadRate = 1e-3, AdapterRate = 1e-2, Seed = seed };
        using FineTunedModel trained = FineTunedModel.Train(
            SharedData.Require("models/all-MiniLM-L6-v2"),
            LabelledData.OfGlue(sst2, SharedData.Require("glue/SST-2")),
            new FineTuneSettings(method, options, MaxLength: 128),
            title: null,
            TestContext.Current.CancellationToken);
        return trained.Result.Epochs[^1].Metrics["accuracy"];
    }

    /// <summary>The accuracies of the seeds that the peers' table lists for a method on SST-2.</summary>
    private static double[] Accuracies(string peers, string method)
    {
        Match seeds = Regex.Match(peers, $@"^\| {Regex.Escape(method)}.*?seeds: ([\d., ]+)\)", RegexOptions.Multiline);
        return [.. seeds.Groups[1].Value.Split(", ").Select(figure => double.Parse(figure, CultureInfo.InvariantCulture) / 100)];
    }
}
