using Lorta.Text;

namespace Lorta.Tests.Text;

/// <summary>What can't be read ends in one sentence that names the file.</summary>
public sealed class BadTokenizerFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FolderWithoutTokenizerSaysWhatIsNeeded()
    {
        AssertError(_folder.Path, "tokenizer.json", "vocab.json with merges.txt", "vocab.txt");
        _folder.Write("vocab.json", "{}");
        AssertError(_folder.Path, "merges.txt");
    }

    [Fact]
    public void MissingFolderIsNamed()
    {
        TokenizerException error = Assert.Throws<TokenizerException>(() => TextTokenizer.Load(Path.Combine(_folder.Path, "absent")));
        Assert.Contains("absent does not exist", error.Message);
    }

    [Theory]
    [InlineData("{\n  \"model\": ", "line 2")]
    [InlineData("[]", "one JSON object")]
    [InlineData("{}", "no model")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": {"a": 0}}}""", "the model 'Unigram'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {}}}""", "no vocabulary")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": -1}}}""", "'a' the id -1")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""", "'<pad>'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"<pad>": 0}, "merges": []}, "pre_tokenizer": {"type": "Metaspace"}}""", "the pre_tokenizer 'Metaspace'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"<pad>": 0}, "merges": []}, "normalizer": {"type": "NFC"}}""", "the normalizer 'NFC'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"<pad>": 0}}, "pre_tokenizer": {"type": "ByteLevel"}}""", "not built as")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"<pad>": 0}, "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel"}}""", "inconsistent")]
    [InlineData("""{"model": {"type": "WordPiece", "vocab": {"[PAD]": 0}}, "post_processor": {"type": "Other"}}""", "the post-processor 'Other'")]
    public void TokenizerJson(string content, string expected)
    {
        _folder.Write("tokenizer.json", content);
        AssertError("tokenizer.json", expected);
    }

    [Fact]
    public void VocabularyThatIsNotUtf8()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "vocab.txt"), [(byte)'a', 0xff]);
        AssertError("vocab.txt", "UTF-8");
    }

    [Fact]
    public void VocabularyOfHalfCharacters()
    {
        TinyTokenizers.WriteRoberta(_folder);
        _folder.Write("vocab.json", """{"\ud800": 0}""");
        AssertError("vocab.json", "not valid Unicode");
    }

    [Fact]
    public void VocabularyWithoutSpecialTokens()
    {
        _folder.Write("vocab.txt", "a\nb\n");
        AssertError("vocab.txt", "'[PAD]'", "tokenizer_config.json");
    }

    [Fact]
    public void MergesThatDoNotFitTheVocabulary()
    {
        TinyTokenizers.WriteRoberta(_folder);
        _folder.Write("merges.txt", "a z\n");
        AssertError("vocab.json", "inconsistent");
    }

    private void AssertError(params string[] parts)
    {
        TokenizerException error = Assert.Throws<TokenizerException>(() => TextTokenizer.Load(_folder.Path));
        Assert.All(parts, part => Assert.Contains(part, error.Message));
        Assert.DoesNotContain('\n', error.Message);
    }
}
