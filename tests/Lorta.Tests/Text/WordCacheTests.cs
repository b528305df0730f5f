using Lorta.Text;

namespace Lorta.Tests.Text;

public sealed class WordCacheTests
{
    [Fact]
    public void StaysBoundedAndRight()
    {
        WordCache cache = new(word => [word.Length, word[^1]]);
        for (int i = 0; i < (2 * WordCache.Capacity) + 10; i++)
        {
            string word = i.ToString();
            Assert.Equal([word.Length, word[^1]], cache.Encode(word).ToArray());
        }

        Assert.InRange(cache.Count, 1, WordCache.Capacity);
    }

    [Fact]
    public void RemembersWordsButNotLongOnes()
    {
        int calls = 0;
        WordCache cache = new(word => [++calls]);
        Assert.Equal([1], cache.Encode("word").ToArray());
        Assert.Equal([1], cache.Encode("word").ToArray());
        string text = new('x', 100_000);
        Assert.Equal([2], cache.Encode(text).ToArray());
        Assert.Equal([3], cache.Encode(text).ToArray());
    }
}
