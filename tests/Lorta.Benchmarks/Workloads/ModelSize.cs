using Lorta.Models;

namespace Lorta.Benchmarks.Workloads;

/// <summary>A published model's sizes, with random weights and without dropout.</summary>
/// <param name="Name">The name in the rows.</param>
/// <param name="Config">Its sizes.</param>
internal sealed record ModelSize(string Name, EncoderConfig Config)
{
    public static ModelSize RobertaBase { get; } = Roberta("roberta-base", layers: 12, width: 768, heads: 12);

    public static ModelSize RobertaLarge { get; } = Roberta("roberta-large", layers: 24, width: 1024, heads: 16);

    public static ModelSize MiniLM { get; } = new("minilm", new EncoderConfig
    {
        VocabularySize = 30522, Width = 384, Layers = 6, Heads = 12, IntermediateWidth = 1536, MaxPositions = 512,
    }.WithoutDropout());

    /// <summary>Too small to measure anything by: shows that a benchmark runs.</summary>
    public static ModelSize Tiny { get; } = new("tiny", new EncoderConfig
    {
        VocabularySize = 100, Width = 32, Layers = 2, Heads = 4, IntermediateWidth = 64, MaxPositions = 64,
    }.WithoutDropout());

    /// <summary>The sizes of a name.</summary>
    public static ModelSize Named(string name) =>
        new[] { RobertaBase, RobertaLarge, MiniLM, Tiny }.Single(size => size.Name == name);

    /// <summary>The sizes with another number of layers.</summary>
    public ModelSize WithLayers(int layers) => new($"{Name}-{layers}-layers", Config with { Layers = layers });

    public SequenceClassifier NewModel() => Name.StartsWith("roberta", StringComparison.Ordinal)
        ? new RobertaForSequenceClassification(Config, labels: 2)
        : new BertForSequenceClassification(Config, labels: 2);

    private static ModelSize Roberta(string name, int layers, int width, int heads) => new(name, new EncoderConfig
    {
        VocabularySize = 50265, Width = width, Layers = layers, Heads = heads, IntermediateWidth = 4 * width, MaxPositions = 514,
        PadId = 1, NormEpsilon = 1e-5, TokenTypes = 1,
    }.WithoutDropout());
}
