using System.Runtime.InteropServices;
using System.Text;
using Lorta.Checkpoints;

namespace Lorta.Text;

/// <summary>
/// Turns text into the ids that a pretrained model reads, the same ids as Hugging Face's tokenizers give. Read from a checkpoint's
/// own files; safe to use from many threads.
/// </summary>
public abstract class TextTokenizer
{
    private readonly SequenceTemplate _template;
    private readonly BertNormalizer? _normalizer;
    private readonly AddedTokens _rawTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly Dictionary<string, int> _addedIds;
    private readonly IReadOnlyDictionary<string, int> _vocabulary;

    private protected TextTokenizer(TokenizerDefinition definition)
    {
        _template = definition.Template;
        _normalizer = definition.Normalizer;
        _vocabulary = definition.Vocabulary;
        _rawTokens = new AddedTokens(definition.AddedTokens.Where(token => !token.Normalized));
        _normalizedTokens = new AddedTokens(definition.AddedTokens.Where(token => token.Normalized)
            .Select(token => token with { Content = _normalizer?.Normalize(token.Content) ?? token.Content }));
        _addedIds = definition.AddedTokens.ToDictionary(token => token.Content, token => token.Id);
        PadId = definition.PadId;
        MaskId = definition.MaskId;
        MaxLength = definition.MaxLength;
        Files = definition.Files;
        SpecialIds = definition.AddedTokens.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        VocabularySize = definition.Vocabulary.Values.Concat(_addedIds.Values).Max() + 1;
    }

    /// <summary>The id that fills a batch's shorter rows.</summary>
    public int PadId { get; }

    /// <summary>The id that stands for a hidden token in masked language modelling; null if the vocabulary has none.</summary>
    public int? MaskId { get; }

    /// <summary>The ids that are no text: separators, padding, mask and the like.</summary>
    public IReadOnlySet<int> SpecialIds { get; }

    /// <summary>The highest id plus one: as many rows as the embedding table needs.</summary>
    public int VocabularySize { get; }

    /// <summary>The most tokens that the checkpoint's files allow, special ones included; <see cref="int.MaxValue"/> if they don't say.</summary>
    public int MaxLength { get; }

    /// <summary>Full paths of the checkpoint's tokenizer files, to be copied along with an exported model.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>
    /// Reads the tokenizer in a checkpoint's folder: <c>tokenizer.json</c>, or RoBERTa's <c>vocab.json</c> with <c>merges.txt</c>, or
    /// BERT's <c>vocab.txt</c>; with <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>added_tokens.json</c> where they are there.
    /// </summary>
    /// <exception cref="TokenizerException">There is no tokenizer, or it is damaged or not supported.</exception>
    public static TextTokenizer Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        TokenizerDefinition definition = ReadDefinition(folder);
        try
        {
            return definition.Model == SubwordModel.WordPiece ? new BertTokenizer(definition) : new RobertaTokenizer(definition);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new TokenizerException($"{definition.Source} is inconsistent ({e.Message.TrimEnd('.')}): get the tokenizer files anew from where the checkpoint came from.", e);
        }
    }

    /// <summary>The id of a token as the vocabulary writes it; null if it has none.</summary>
    public int? IdOf(string token) =>
        _addedIds.TryGetValue(token, out int id) || _vocabulary.TryGetValue(token, out id) ? id : null;

    /// <summary>
    /// The ids of a text, or of a pair, with the model's special tokens around them. What is too long loses tokens at its end, the
    /// longer text first. Special tokens written in the text become their ids; a lone surrogate is read as U+FFFD.
    /// </summary>
    /// <param name="text">The text; it may be empty.</param>
    /// <param name="pair">The second text of a pair.</param>
    /// <param name="maxLength">The most tokens, special ones included; <see cref="MaxLength"/> if left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not even the special tokens fit in <paramref name="maxLength"/>.</exception>
    public TokenizedText Encode(string text, string? pair = null, int? maxLength = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        int limit = maxLength ?? MaxLength;
        int room = limit - _template.SpecialCount(pair is not null);
        if (room < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(maxLength), limit, $"The special tokens alone need a length of {limit - room}.");
        }

        ReadOnlySpan<int> first = CollectionsMarshal.AsSpan(Tokenize(text));
        ReadOnlySpan<int> second = pair is null ? [] : CollectionsMarshal.AsSpan(Tokenize(pair));
        (int firstLength, int secondLength) = LongestFirstTruncation.Lengths(first.Length, second.Length, room);
        return _template.Assemble(first[..firstLength], second[..secondLength], pair is not null);
    }

    /// <summary>Appends the ids of a piece of text that has no added tokens in it.</summary>
    private protected abstract void AppendWords(ReadOnlySpan<char> text, List<int> ids);

    private static TokenizerDefinition ReadDefinition(string folder)
    {
        try
        {
            return TokenizerDefinition.Read(folder);
        }
        catch (CheckpointException e)
        {
            throw new TokenizerException(e.Message, e);
        }
    }

    private List<int> Tokenize(string text)
    {
        // Estimated at four characters a token.
        List<int> ids = new((text.Length / 4) + 4);
        ReadOnlySpan<char> rest = WellFormed(text);
        int position = 0;
        while (_rawTokens.FindNext(rest, position, out Range span) is { } token)
        {
            AppendText(rest[position..span.Start], ids);
            ids.Add(token.Id);
            position = span.End.Value;
        }

        AppendText(rest[position..], ids);
        return ids;
    }

    private void AppendText(ReadOnlySpan<char> text, List<int> ids)
    {
        if (_normalizedTokens.IsEmpty)
        {
            AppendWords(text, ids);
            return;
        }

        ReadOnlySpan<char> rest = _normalizer is null ? text : _normalizer.Normalize(text);
        int position = 0;
        while (_normalizedTokens.FindNext(rest, position, out Range span) is { } token)
        {
            AppendWords(rest[position..span.Start], ids);
            ids.Add(token.Id);
            position = span.End.Value;
        }

        AppendWords(rest[position..], ids);
    }

    // Where surrogates are, a round through UTF-8 replaces the lone ones.
    private static string WellFormed(string text) =>
        text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
