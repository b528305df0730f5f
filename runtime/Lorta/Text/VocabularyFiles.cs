using System.Text;

namespace Lorta.Text;

/// <summary>Tokenizers in the older layout: a vocabulary, and for BPE the merges, in files of their own.</summary>
internal static class VocabularyFiles
{
    /// <summary>RoBERTa's <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    public static TokenizerDefinition ReadBpe(string vocabularyPath, string mergesPath, TokenizerConfig config)
    {
        Dictionary<string, int> vocabulary = JsonFile.Vocabulary(JsonFile.Read(vocabularyPath), vocabularyPath);
        return TokenizerDefinition.Create(vocabularyPath, SubwordModel.ByteLevelBpe, vocabulary, config) with
        {
            Merges = [.. ReadLines(mergesPath).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal))],
            AddPrefixSpace = config.Switch("add_prefix_space") ?? false,
        };
    }

    /// <summary>BERT's <c>vocab.txt</c>: a token on each line, the first has id 0.</summary>
    public static TokenizerDefinition ReadWordPiece(string path, TokenizerConfig config)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach ((int id, string token) in ReadLines(path).Index())
        {
            vocabulary[token] = id;
        }

        return TokenizerDefinition.Create(path, SubwordModel.WordPiece, vocabulary, config) with
        {
            Normalizer = BertNormalizer.From(config),
        };
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException e)
        {
            throw new TokenizerException($"{path} is not valid UTF-8: get the file anew from where the checkpoint came from.", e);
        }
    }
}
