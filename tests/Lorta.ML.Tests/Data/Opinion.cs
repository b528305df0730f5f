namespace Lorta.ML.Tests.Data;

/// <summary>A made-up row: a text that praises, blames or does neither, with the same label in every type.</summary>
public sealed class Opinion
{
    private static readonly string[] Praise = ["good", "great", "lovely"];
    private static readonly string[] Blame = ["bad", "awful", "dull"];
    private static readonly string[] Plain = ["the", "film", "was", "and", "its", "end", "a", "story", "of", "music"];

    /// <summary>Every word that a text may have.</summary>
    public static string[] Words => [.. Praise, .. Blame, .. Plain];

    public int Id { get; set; }

    public string Text { get; set; } = "";

    public string Second { get; set; } = "";

    /// <summary><c>praise</c>, <c>blame</c> or <c>none</c>.</summary>
    public string Label { get; set; } = "";

    public bool IsPraise { get; set; }

    public float Stars { get; set; }

    /// <summary>Rows that a seed fixes; every third of a kind.</summary>
    public static Opinion[] Rows(int count, int seed = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(id => Row(id, random))];
    }

    private static Opinion Row(int id, Random random)
    {
        (string label, string[] words, float stars) = (id % 3) switch { 0 => ("praise", Praise, 5f), 1 => ("blame", Blame, 1f), _ => ("none", Plain, 3f) };
        string[] plain = random.GetItems(Plain, random.Next(1, 5));
        plain[random.Next(plain.Length)] = random.GetItems(words, 1)[0];
        return new Opinion { Id = id, Text = string.Join(' ', plain), Second = string.Join(' ', random.GetItems(Plain, 3)), Label = label, IsPraise = stars == 5, Stars = stars };
    }
}
