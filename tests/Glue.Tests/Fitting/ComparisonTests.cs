using Glue.Fitting;
using Glue.Tests.Commands;
using Lorta.Tests;

namespace Glue.Tests.Fitting;

/// <summary>What the main job shows, over three seeds.</summary>
[Collection(GlueProgram.Collection)]
public sealed class ComparisonTests : IDisposable
{
    private static readonly int[] Seeds = [1, 2, 3];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lorta_is_ten_points_above_word_counting_and_the_frozen_head()
    {
        LongTests.Require();
        AssertLortaLeads(BaseModel.Embedded);
    }

    [Fact]
    public void Encoder_pretrained_anew_does_as_well()
    {
        LongTests.Require();
        string encoder = Path.Combine(_folder.Path, "encoder");
        EmbeddedEncoder.Pretrain(encoder, EmbeddedEncoder.Sentences, seed: 2, null, TestContext.Current.CancellationToken);
        AssertLortaLeads(encoder);
    }

    [Fact]
    public void Embedded_encoder_is_small()
    {
        long bytes = new DirectoryInfo(BaseModel.Folder(BaseModel.Embedded)).EnumerateFiles().Sum(file => file.Length);
        Assert.InRange(bytes, 1, 4_000_000);
    }

    private void AssertLortaLeads(string encoder)
    {
        IReadOnlyList<ComparisonRow>[] runs =
        [
            .. Seeds.Select(seed => Comparison.Run(encoder, seed, Path.Combine(_folder.Path, $"{seed}"), quiet: true, TestContext.Current.CancellationToken)),
        ];
        Interval words = Interval.Of(runs.Select(rows => rows[0].Accuracy));
        Interval head = Interval.Of(runs.Select(rows => rows[1].Accuracy));
        Interval lorta = Interval.Of(runs.Select(rows => rows[2].Accuracy));
        TestContext.Current.TestOutputHelper?.WriteLine($"words {words}, head {head}, LoRTA {lorta}");
        Assert.All(runs, rows => Assert.InRange(rows[0].Accuracy, 0, 0.65));
        Assert.True(lorta.Mean >= Math.Max(words.Mean, head.Mean) + 0.1, $"LoRTA {lorta}, words {words}, head {head}");
        Assert.True(lorta.Low > Math.Max(words.High, head.High), $"LoRTA {lorta}, words {words}, head {head}");
    }
}
