using System.Text.Json;
using Lorta.Text;

namespace Lorta.Tests.Text;

/// <summary>The ids that Hugging Face's tokenizers give, case by case.</summary>
public sealed class ReferenceIdsTests
{
    private static readonly string[] RobertaFiles = ["vocab.json", "merges.txt", "tokenizer_config.json"];
    private static readonly string[] BertFiles = ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json"];
    private static readonly string[] JsonFiles = ["tokenizer.json"];

    [Fact]
    public void RobertaFromItsFolder() => AssertAllCases("roberta", null);

    [Fact]
    public void RobertaFromVocabularyAndMerges() => AssertAllCases("roberta", RobertaFiles);

    [Fact]
    public void RobertaFromTokenizerJsonAlone() => AssertAllCases("roberta", JsonFiles);

    [Fact]
    public void BertFromItsFolder() => AssertAllCases("bert-uncased", null);

    [Fact]
    public void BertFromVocabulary() => AssertAllCases("bert-uncased", BertFiles);

    [Fact]
    public void BertFromTokenizerJsonAlone() => AssertAllCases("bert-uncased", JsonFiles);

    private static void AssertAllCases(string name, string[]? files)
    {
        string source = SharedData.Require($"reference/tokenizers/{name}");
        string cases = SharedData.Require($"reference/tokenizers/expected/{name}.jsonl");
        using TemporaryFolder folder = new();
        foreach (string file in files ?? [])
        {
            File.Copy(Path.Combine(source, file), Path.Combine(folder.Path, file));
        }

        TextTokenizer tokenizer = TextTokenizer.Load(files is null ? source : folder.Path);
        List<string> failures = [];
        int count = 0;
        foreach (string line in File.ReadLines(cases))
        {
            ReferenceCase expected = JsonSerializer.Deserialize<ReferenceCase>(line, ReferenceCase.Options)!;
            TokenizedText actual = tokenizer.Encode(expected.Text, expected.Pair, expected.MaxLength);
            if (!actual.Ids.SequenceEqual(expected.InputIds) || !actual.TypeIds.SequenceEqual(expected.TokenTypeIds ?? new int[actual.Length]))
            {
                failures.Add($"{line}\n  gave {string.Join(", ", actual.Ids)}; types {string.Join(", ", actual.TypeIds)}");
            }

            count++;
        }

        Assert.True(count > 0, $"{cases} has no cases.");
        Assert.True(failures.Count == 0, $"{failures.Count} of {count} cases differ:\n{string.Join('\n', failures.Take(10))}");
    }

    private sealed record ReferenceCase(string Text, string? Pair, int? MaxLength, int[] InputIds, int[]? TokenTypeIds)
    {
        public static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    }
}
