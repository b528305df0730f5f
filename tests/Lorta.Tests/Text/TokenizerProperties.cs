using System.Text;
using FsCheck.Xunit;
using Lorta.Text;

namespace Lorta.Tests.Text;

/// <summary>What holds for every text, of any characters.</summary>
[Properties(Arbitrary = [typeof(TextGenerators)], MaxTest = 300)]
public sealed class TokenizerProperties
{
    private static readonly Lazy<TextTokenizer> Roberta = new(() => TextTokenizer.Load(SharedData.Require("reference/tokenizers/roberta")));
    private static readonly Lazy<TextTokenizer> Bert = new(() => TextTokenizer.Load(SharedData.Require("reference/tokenizers/bert-uncased")));
    private static readonly Lazy<PlainRoberta> RobertaDefinition = new(() => new PlainRoberta(SharedData.Require("reference/tokenizers/roberta")));
    private static readonly Lazy<LongWordBpe> LongWords = new(() =>
    {
        TokenizerDefinition roberta = TokenizerDefinition.Read(SharedData.Require("reference/tokenizers/roberta"));
        return new LongWordBpe(roberta.Vocabulary, roberta.Merges);
    });

    private static readonly Lazy<PlainBert> BertDefinition = new(() => new PlainBert(SharedData.Require("reference/tokenizers/bert-uncased")));

    [Property]
    public void IdsAreInTheVocabularyAndFit(AnyText text, AnyText pair, byte length)
    {
        foreach (TextTokenizer tokenizer in new[] { Roberta.Value, Bert.Value })
        {
            int maxLength = 4 + length;
            foreach (TokenizedText row in new[] { tokenizer.Encode(text.Value, null, maxLength), tokenizer.Encode(text.Value, pair.Value, maxLength) })
            {
                Assert.InRange(row.Length, 2, maxLength);
                Assert.Equal(row.Ids.Length, row.TypeIds.Length);
                Assert.All(row.Ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            }
        }
    }

    /// <summary>Truncation takes tokens from the ends only, the longer text's first, until the length is met exactly.</summary>
    [Property]
    public void TruncationIsLongestFirst(AnyText text, AnyText pair, byte length)
    {
        TextTokenizer bert = Bert.Value;
        int[] first = bert.Encode(text.Value, null, int.MaxValue).Ids[1..^1];
        int[] second = bert.Encode(pair.Value, null, int.MaxValue).Ids[1..^1];
        int maxLength = 3 + (length % (first.Length + second.Length + 2));

        (int firstLength, int secondLength) = (first.Length, second.Length);
        while (firstLength + secondLength + 3 > maxLength)
        {
            bool fromFirst = firstLength > secondLength || (firstLength == secondLength && first.Length <= second.Length);
            (firstLength, secondLength) = fromFirst ? (firstLength - 1, secondLength) : (firstLength, secondLength - 1);
        }

        int cls = bert.IdOf("[CLS]")!.Value;
        int sep = bert.IdOf("[SEP]")!.Value;
        TokenizedText row = bert.Encode(text.Value, pair.Value, maxLength);
        Assert.Equal([cls, .. first[..firstLength], sep, .. second[..secondLength], sep], row.Ids);
        Assert.Equal(Enumerable.Repeat(0, firstLength + 2).Concat(Enumerable.Repeat(1, secondLength + 1)), row.TypeIds);
    }

    [Property]
    public void RobertaIsItsDefinition(AnyText text)
    {
        string plain = WithoutSpecialTokens(text.Value);
        Assert.Equal(RobertaDefinition.Value.Encode(plain), Roberta.Value.Encode(plain, null, int.MaxValue).Ids[1..^1]);
    }

    /// <summary>One word of any length: the library's way for short ones and ours for long ones are one function.</summary>
    [Property]
    public void LongWordsAreMergedAsShortOnes(AnyText text, byte repetitions)
    {
        string word = string.Concat(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Value)).EnumerateRunes().Where(Rune.IsLetter));
        Assert.Equal(RobertaDefinition.Value.Encode(word), LongWords.Value.Encode(word));
        string repeated = string.Concat(Enumerable.Repeat(word + "ab", 1 + (repetitions % 20)));
        Assert.Equal(Roberta.Value.Encode(repeated, null, int.MaxValue).Ids[1..^1], LongWords.Value.Encode(repeated));
    }

    [Property]
    public void BertIsItsDefinition(AnyText text)
    {
        string plain = WithoutSpecialTokens(text.Value);
        Assert.Equal(BertDefinition.Value.Encode(plain), Bert.Value.Encode(plain, null, int.MaxValue).Ids[1..^1]);
    }

    /// <summary>Threads share the tokenizer and its cache; each gets what one alone would get.</summary>
    [Property(MaxTest = 20)]
    public void ThreadsDoNotDisturbEachOther(AnyText[] texts)
    {
        foreach (string name in new[] { "roberta", "bert-uncased" })
        {
            TextTokenizer alone = name == "roberta" ? Roberta.Value : Bert.Value;
            int[][] expected = [.. texts.Select(text => alone.Encode(text.Value).Ids)];
            int[][][] actual = new int[4][][];
            Parallel.For(0, actual.Length, thread => actual[thread] = [.. texts.Select(text => alone.Encode(text.Value).Ids)]);
            Assert.All(actual, rows => Assert.Equal(expected, rows));
        }
    }

    // The definitions know no special tokens; they also see lone surrogates as U+FFFD.
    private static string WithoutSpecialTokens(string text)
    {
        string plain = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return plain.Replace("<s>", "").Replace("</s>", "").Replace("<pad>", "").Replace("<mask>", "").Replace("[", "").Replace("<", "");
    }
}
