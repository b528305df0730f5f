using System.Text.Json;
using Lorta.Text;

namespace Lorta.Tests.Text;

/// <summary>What the files in a checkpoint's folder say is what the tokenizer does.</summary>
public sealed class TokenizerFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("reference/models/roberta-tiny")]
    [InlineData("reference/models/bert-tiny")]
    [InlineData("models/all-MiniLM-L6-v2")]
    public void CheckpointsBringTheirTokenizer(string checkpoint)
    {
        string folder = SharedData.Require(checkpoint);
        TextTokenizer tokenizer = TextTokenizer.Load(folder);
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))).RootElement;

        Assert.Equal(config.GetProperty("vocab_size").GetInt32(), tokenizer.VocabularySize);
        Assert.Equal(config.GetProperty("pad_token_id").GetInt32(), tokenizer.PadId);
        Assert.InRange(tokenizer.MaxLength, 1, config.GetProperty("max_position_embeddings").GetInt32());
        Assert.Contains(tokenizer.MaskId!.Value, tokenizer.SpecialIds);
        Assert.All(tokenizer.Files, file => Assert.True(File.Exists(file)));

        // Copying the files, as an export does, copies the tokenizer.
        foreach (string file in tokenizer.Files)
        {
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)));
        }

        const string Text = "Files make the tokenizer, <mask> and [MASK].";
        Assert.Equal(tokenizer.Encode(Text).Ids, TextTokenizer.Load(_folder.Path).Encode(Text).Ids);
    }

    [Fact]
    public void TextIsCutToWhatTheFilesAllow()
    {
        TinyTokenizers.WriteBert(_folder, new { model_max_length = 5 });
        Assert.Equal(5, TextTokenizer.Load(_folder.Path).Encode("a a a a a a a").Length);

        // Hugging Face writes 1e30 where a tokenizer knows no limit; RoBERTa's positions begin behind the padding id.
        TinyTokenizers.WriteBert(_folder, new { model_max_length = 1e30 });
        Assert.Equal(int.MaxValue, TextTokenizer.Load(_folder.Path).MaxLength);
        _folder.Write("config.json", """{"model_type": "bert", "max_position_embeddings": 64}""");
        Assert.Equal(64, TextTokenizer.Load(_folder.Path).MaxLength);

        File.Delete(Path.Combine(_folder.Path, "vocab.txt"));
        TinyTokenizers.WriteRoberta(_folder);
        _folder.Write("config.json", """{"model_type": "roberta", "max_position_embeddings": 66}""");
        Assert.Equal(64, TextTokenizer.Load(_folder.Path).MaxLength);
    }

    [Fact]
    public void LengthMustHoldTheSpecialTokens()
    {
        TinyTokenizers.WriteBert(_folder);
        TextTokenizer tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal(2, tokenizer.Encode("a b", maxLength: 2).Length);
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Encode("a", "b", 2));
        Assert.Contains("need a length of 3", error.Message);
    }

    [Fact]
    public void BertKeepsCaseAndAccentsWhereTheFilesSaySo()
    {
        Assert.Equal(["a", "e"], Bert("A é", new { }));
        Assert.Equal(["A", "é"], Bert("A é", new { do_lower_case = false }));
        Assert.Equal(["A", "e"], Bert("A é", new { do_lower_case = false, strip_accents = true }));
        Assert.Equal(["a", "é"], Bert("A É", new { strip_accents = false }));
        Assert.Equal(["i", "##\u0307"], Bert("İ", new { strip_accents = false }));
        Assert.Equal(["中", "[UNK]"], Bert("中文", new { }));
        Assert.Equal(["中文"], Bert("中文", new { tokenize_chinese_chars = false }));
    }

    [Fact]
    public void BertCountsCharactersAndNotUtf16Units()
    {
        Assert.Equal(["𐐨", .. Enumerable.Repeat("##𐐨", 99)], Bert(string.Concat(Enumerable.Repeat("𐐀", 100)), new { }));
        Assert.Equal(["[UNK]"], Bert(string.Concat(Enumerable.Repeat("𐐀", 101)), new { }));
    }

    [Fact]
    public void AddedTokensAreFoundBeforeWords()
    {
        Dictionary<string, object> decoder = new()
        {
            ["20"] = new { content = "NewWord", special = false, normalized = true },
            ["21"] = new { content = "[X]", special = true, rstrip = true, lstrip = true },
            ["22"] = new { content = "ab", special = true, single_word = true },
        };
        object config = new { added_tokens_decoder = decoder };

        // A normalised token is found whatever its case, one that isn't only as it is written.
        Assert.Equal(["a", "NewWord", "b"], Bert("a nEWwORDb", config));
        Assert.Equal(["new", "##word"], Bert("NewWord", new { }));
        Assert.Equal(["a", "[X]", "b", "[X]", "[X]"], Bert("a  [X] \t b[X] [X]", config));
        Assert.Equal(["ab", "b", "##a", "##b", "ab"], Bert("ab bab ab", config));
    }

    [Fact]
    public void SpecialTokensHaveTheNamesThatTheFilesGive()
    {
        object config = new { mask_token = "b", pad_token = new { content = "a", lstrip = false } };
        TinyTokenizers.WriteBert(_folder, config);
        TextTokenizer tokenizer = TextTokenizer.Load(_folder.Path);
        Assert.Equal(tokenizer.IdOf("a"), tokenizer.PadId);
        Assert.Equal(tokenizer.IdOf("b"), tokenizer.MaskId);
        _folder.Write("tokenizer_config.json", "{}");
        _folder.Write("special_tokens_map.json", """{"mask_token": "中"}""");
        Assert.Equal(tokenizer.IdOf("中"), TextTokenizer.Load(_folder.Path).MaskId);
    }

    [Fact]
    public void RobertaPutsSpacesInFrontWhereTheFilesSaySo()
    {
        Assert.Equal(["ab", "Ġab"], Roberta("ab ab", new { }));
        Assert.Equal(["Ġab", "Ġab"], Roberta("ab ab", new { add_prefix_space = true }));
        Assert.Equal(["Ġab", "<mask>", "Ġab"], Roberta("ab  <mask>ab", new { add_prefix_space = true }));
    }

    /// <summary>Megabytes without a space take seconds, not hours.</summary>
    [Fact]
    public void LongWordsAreTokenized()
    {
        TinyTokenizers.WriteRoberta(_folder);
        TextTokenizer tokenizer = TextTokenizer.Load(_folder.Path);
        int[] ids = tokenizer.Encode(string.Concat(Enumerable.Repeat("ab", 500_000))).Ids[1..^1];
        Assert.Equal(Enumerable.Repeat(tokenizer.IdOf("ab")!.Value, 500_000), ids);
    }

    private string[] Bert(string text, object config)
    {
        TinyTokenizers.WriteBert(_folder, config);
        return Tokens(text);
    }

    private string[] Roberta(string text, object config)
    {
        TinyTokenizers.WriteRoberta(_folder, config);
        return Tokens(text);
    }

    private string[] Tokens(string text)
    {
        TextTokenizer tokenizer = TextTokenizer.Load(_folder.Path);
        string[] candidates = [.. TinyTokenizers.BertTokens, "NewWord", "[X]", "ab", "Ġab", "Ġ", "<mask>"];
        Dictionary<int, string> names = candidates.Where(name => tokenizer.IdOf(name) is not null).ToDictionary(name => tokenizer.IdOf(name)!.Value);
        return [.. tokenizer.Encode(text).Ids[1..^1].Select(id => names[id])];
    }
}
