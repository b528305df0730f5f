using System.Text;
using System.Text.Json;
using Lorta.Checkpoints;

namespace Lorta.Text;

/// <summary>Tokenizers in the older layout: a vocabulary, and for BPE the merges, in files of their own.</summary>
internal static class VocabularyFiles
{
    // Far above any vocabulary; keeps a wrong id from asking for gigabytes.
    private const int HighestId = 1 << 24;

    /// <summary>RoBERTa's <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    public static TokenizerDefinition ReadBpe(string vocabularyPath, string mergesPath, TokenizerConfig config)
    {
        Dictionary<string, int> vocabulary = ReadIds(JsonFile.Read(vocabularyPath).Root, vocabularyPath);
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

    /// <summary>A JSON object of tokens and their ids.</summary>
    public static Dictionary<string, int> ReadIds(JsonElement tokens, string path)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in tokens.ValueKind == JsonValueKind.Object ? tokens.EnumerateObject() : default)
        {
            vocabulary[entry.Name] = entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id) && id is >= 0 and <= HighestId
                ? id
                : throw new TokenizerException($"{path} gives the token '{entry.Name}' the id {entry.Value}: an id is a whole number from 0 to {HighestId}.");
        }

        return vocabulary.Count > 0 ? vocabulary : throw new TokenizerException($"{path} has no vocabulary: a tokenizer needs at least one token.");
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
