using Lorta.Adapters;

namespace Lorta.Tests.Adapters;

/// <summary>The trained parameters that the paper's Table 1 prints, from the sizes of RoBERTa alone.</summary>
public sealed class ParameterCountTests
{
    private const AttentionMatrices QueryAndValue = AttentionMatrices.Query | AttentionMatrices.Value;

    private static readonly AttentionLayout Base = new(Layers: 12, Heads: 12, KeyValueHeads: 12, HeadWidth: 64, Width: 768);
    private static readonly AttentionLayout Large = new(Layers: 24, Heads: 16, KeyValueHeads: 16, HeadWidth: 64, Width: 1024);

    public static TheoryData<string, long, double> Printed => new()
    {
        // The row, what the settings of docs/methods.md give, and the paper's figure in millions.
        { "base: BitFit", BitFit.ParameterCount(12, 768, 3072), 0.1 },
        { "base: AdapterDrop, 0.3M", new PfeifferAdapters { Bottleneck = 16 }.ParameterCount(Base), 0.3 },
        { "base: AdapterDrop, 0.9M", new PfeifferAdapters { Bottleneck = 48 }.ParameterCount(Base), 0.9 },
        { "base: LoRA", new Lora { Rank = 8, Targets = QueryAndValue }.ParameterCount(Base), 0.3 },
        { "base: VeRA", new Vera { Rank = 1024, Targets = QueryAndValue }.ParameterCount(Base), 0.043 },
        { "base: LoRTA", LortaAdapter.ParameterCount(Base, new LortaOptions { Rank = 4 }), 0.0034 },
        { "large: Adapter-P, 0.8M", new PfeifferAdapters { Bottleneck = 16 }.ParameterCount(Large), 0.8 },
        { "large: Adapter-H, 0.8M", new HoulsbyAdapters { Bottleneck = 8 }.ParameterCount(Large), 0.8 },
        { "large: LoRA", new Lora { Rank = 8, Targets = QueryAndValue }.ParameterCount(Large), 0.8 },
        { "large: VeRA", new Vera { Rank = 256, Targets = QueryAndValue }.ParameterCount(Large), 0.061 },
        { "large: LoRTA", LortaAdapter.ParameterCount(Large, new LortaOptions { Rank = 8 }), 0.009 },
    };

    [Theory]
    [MemberData(nameof(Printed))]
    public void TheCountIsThePrintedOne(string row, long count, double printedMillions)
    {
        int digits = printedMillions >= 0.1 ? 1 : printedMillions >= 0.01 ? 3 : printedMillions == 0.009 ? 3 : 4;
        Assert.True(Math.Round(count / 1e6, digits) == printedMillions, $"{row}: {count}, and the paper prints {printedMillions}M.");
    }

    [Theory]
    [InlineData(64, 3.0, false)]
    [InlineData(64, 6.0, true)]
    public void TheLargeAdaptersArePrintedInUnitsOf1048576(int bottleneck, double printed, bool houlsby)
    {
        BottleneckMethod method = houlsby ? new HoulsbyAdapters { Bottleneck = bottleneck } : new PfeifferAdapters { Bottleneck = bottleneck };
        Assert.Equal(printed, Math.Round(method.ParameterCount(Large) / 1048576.0, 1), 0.051);
    }

    [Fact]
    public void LortaOfRankFourHas3440() => Assert.Equal(3440, LortaAdapter.ParameterCount(Base, new LortaOptions { Rank = 4 }));
}
