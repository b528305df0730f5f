using Glue.Corpus;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Tests.Corpus;

public class AgreementCorpusTests
{
    [Fact]
    public void Same_seed_gives_the_same_sentences_and_another_gives_others()
    {
        Assert.Equal(AgreementCorpus.Train(3), AgreementCorpus.Train(3));
        HashSet<string> train = [.. AgreementCorpus.Train(3).Select(example => example.Input.Text)];
        Assert.DoesNotContain(AgreementCorpus.Dev(3).Single().Examples, example => train.Contains(example.Input.Text));
        Assert.DoesNotContain(AgreementCorpus.Train(4), example => train.Contains(example.Input.Text));
    }

    [Fact]
    public void Classes_are_of_one_size_and_sentences_of_16_to_24_words()
    {
        IReadOnlyList<TextExample> rows = AgreementCorpus.Train(1);
        Assert.Equal(rows.Count, 2 * rows.Sum(example => example.Label));
        Assert.All(rows, example => Assert.InRange(example.Input.Text.Split(' ').Length, 16, 24));
    }

    [Fact]
    public void Every_word_is_in_the_lexicon()
    {
        HashSet<string> words = [.. Lexicon.AllWords];
        Assert.All(AgreementCorpus.Unlabelled(1).Take(2000).SelectMany(sentence => sentence.Split(' ')), word => Assert.Contains(word, words));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Counting_words_does_not_solve_it(int seed)
    {
        (double accuracy, int weights) = BagOfWords.Score(AgreementCorpus.Train(seed), AgreementCorpus.Dev(seed).Single().Examples, seed);
        Assert.InRange(accuracy, 0, 0.65);
        Assert.True(weights > Lexicon.AllWords.Count, "the yardstick has a weight for every word");
    }

    [Fact]
    public void Bag_of_words_does_solve_what_words_tell()
    {
        // Guards the test above: the yardstick must be able to learn.
        TextExample[] rows = [.. AgreementCorpus.Unlabelled(1).Take(1500).Select(sentence => new TextExample(new(sentence, null), sentence.Contains("the ") ? 1 : 0))];
        Assert.InRange(BagOfWords.Score(rows[..1000], rows[1000..], 1).Accuracy, 0.95, 1);
    }
}
