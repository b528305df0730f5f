using Glue.Data;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Corpus;

/// <summary>
/// The embedded task: does the sentence's verb agree with its subject? Like the benchmark's CoLA in small, in a language
/// that the project made itself. The same seed gives the same sentences.
/// </summary>
internal static class AgreementCorpus
{
    public const int TrainRows = 3000;
    public const int DevRows = 1000;

    public static TextTask Task { get; } = new(
        "agreement", false, [new("0", "disagrees"), new("1", "agrees")], [Metric.Accuracy, Metric.Matthews]);

    /// <summary>Labelled rows to train on.</summary>
    public static IReadOnlyList<TextExample> Train(int seed) => Labelled(2 * seed, TrainRows);

    /// <summary>Labelled rows to score on.</summary>
    public static IReadOnlyList<EvaluationSet> Dev(int seed) => [new("dev", Labelled((2 * seed) + 1, DevRows))];

    /// <summary>Good sentences without end, to pretrain on.</summary>
    public static IEnumerable<string> Unlabelled(int seed)
    {
        var sentences = new SentenceGenerator(new Random(seed));
        while (true)
        {
            yield return sentences.Next();
        }
    }

    private static List<TextExample> Labelled(int seed, int rows)
    {
        var sentences = new SentenceGenerator(new Random(seed));
        return [.. Enumerable.Range(0, rows).Select(row => new TextExample(new(sentences.NextHard(row % 2 == 1)), row % 2))];
    }
}
