using Microsoft.ML.Tokenizers;

namespace Lorta.Text;

/// <summary>RoBERTa's tokenizer: words in GPT-2's pattern, their UTF-8 bytes joined by BPE.</summary>
internal sealed class RobertaTokenizer : TextTokenizer
{
    private const int LongWord = 4096;

    private readonly BpeTokenizer _bpe;
    private readonly Lazy<LongWordBpe> _longWordBpe;
    private readonly WordCache _cache;
    private readonly bool _addPrefixSpace;

    public RobertaTokenizer(TokenizerDefinition definition)
        : base(definition)
    {
        _bpe = BpeTokenizer.Create(new BpeOptions(definition.Vocabulary) { Merges = definition.Merges, ByteLevel = true });
        _addPrefixSpace = definition.AddPrefixSpace;
        _longWordBpe = new Lazy<LongWordBpe>(() => new LongWordBpe(definition.Vocabulary, definition.Merges));
        _cache = new WordCache(EncodeWord);
    }

    private protected override void AppendWords(ReadOnlySpan<char> text, List<int> ids)
    {
        if (_addPrefixSpace && !text.IsEmpty && text[0] != ' ')
        {
            text = string.Concat(" ", text);
        }

        while (!text.IsEmpty)
        {
            int length = ByteLevelWords.FirstLength(text);
            ids.AddRange(_cache.Encode(text[..length]));
            text = text[length..];
        }
    }

    private int[] EncodeWord(ReadOnlySpan<char> word) => word.Length >= LongWord
        ? _longWordBpe.Value.Encode(word)
        : [.. _bpe.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)];
}
