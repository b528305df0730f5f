using System.Text;
using Microsoft.ML.Tokenizers;

namespace Lorta.Text;

/// <summary>BERT's tokenizer: cleaned words and single punctuation marks, each split by WordPiece.</summary>
internal sealed class BertTokenizer : TextTokenizer
{
    private readonly BertNormalizer _normalizer;
    private readonly WordPieceTokenizer _wordPiece;
    private readonly WordCache _cache;
    private readonly int _longestWord;

    public BertTokenizer(TokenizerDefinition definition)
        : base(definition)
    {
        _normalizer = definition.Normalizer ?? throw new ArgumentException("BERT's tokenizer needs a normaliser.", nameof(definition));
        _normalizer.RequireUnicode();
        _longestWord = definition.LongestWord;
        _wordPiece = WordPieceTokenizer.Create(VocabularyLines(definition), new WordPieceOptions
        {
            UnknownToken = definition.UnknownToken,
            ContinuingSubwordPrefix = definition.ContinuingPrefix,

            // The library counts UTF-16 units where BERT counts characters, which are checked before.
            MaxInputCharsPerWord = 2 * _longestWord,
        });
        _cache = new WordCache(EncodeChunk);
    }

    /// <summary>
    /// Cuts at whitespace and ASCII punctuation, which cleaning neither creates nor removes within a chunk, so that the ids of a
    /// chunk depend on nothing around it and can be remembered.
    /// </summary>
    private protected override void AppendWords(ReadOnlySpan<char> text, List<int> ids)
    {
        while (!text.IsEmpty)
        {
            if (BertNormalizer.IsSpace(text[0]))
            {
                text = text[1..];
                continue;
            }

            int length = 1;
            if (!IsMark(text[0]))
            {
                while (length < text.Length && !BertNormalizer.IsSpace(text[length]) && !IsMark(text[length]))
                {
                    length++;
                }
            }

            ids.AddRange(_cache.Encode(text[..length]));
            text = text[length..];
        }
    }

    private static bool IsMark(char c) => char.IsAscii(c) && BertNormalizer.IsPunctuation(new Rune(c));

    private int[] EncodeChunk(ReadOnlySpan<char> chunk)
    {
        List<int> ids = [];
        ReadOnlySpan<char> text = _normalizer.Normalize(chunk);
        int start = 0;
        int position = 0;
        int characters = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int end = position + rune.Utf16SequenceLength;
            bool isPunctuation = BertNormalizer.IsPunctuation(rune);
            if (isPunctuation || Rune.IsWhiteSpace(rune))
            {
                AppendWord(text[start..position], characters, ids);
                if (isPunctuation)
                {
                    AppendWord(text[position..end], 1, ids);
                }

                start = end;
                characters = 0;
            }
            else
            {
                characters++;
            }

            position = end;
        }

        AppendWord(text[start..], characters, ids);
        return [.. ids];
    }

    private void AppendWord(ReadOnlySpan<char> word, int characters, List<int> ids)
    {
        if (characters > _longestWord)
        {
            ids.Add(_wordPiece.UnknownTokenId);
        }
        else if (characters > 0)
        {
            ids.AddRange(_wordPiece.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
        }
    }

    // The library reads a vocabulary as vocab.txt has it; an id that no token has is an empty line there.
    private static MemoryStream VocabularyLines(TokenizerDefinition definition)
    {
        string[] lines = new string[definition.Vocabulary.Values.Max() + 1];
        foreach ((string token, int id) in definition.Vocabulary)
        {
            lines[id] = token.AsSpan().ContainsAny('\r', '\n') ? "" : token;
        }

        return new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }
}
