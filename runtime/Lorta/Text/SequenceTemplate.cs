namespace Lorta.Text;

/// <summary>Where the special tokens stand around one text and around a pair, and which segment each part belongs to.</summary>
internal sealed class SequenceTemplate
{
    private readonly Part[] _single;
    private readonly Part[] _pair;

    public SequenceTemplate(IEnumerable<Part> single, IEnumerable<Part> pair)
    {
        _single = [.. single];
        _pair = [.. pair];
    }

    /// <summary>A piece of the sequence: one of the two texts, or a special token.</summary>
    /// <param name="Text">0 for the first text, 1 for the second, null for a special token.</param>
    /// <param name="Id">The special token's id.</param>
    /// <param name="TypeId">The segment.</param>
    public readonly record struct Part(int? Text, int Id, int TypeId)
    {
        public static Part First(int typeId) => new(0, 0, typeId);

        public static Part Second(int typeId) => new(1, 0, typeId);

        public static Part Special(int id, int typeId) => new(null, id, typeId);
    }

    /// <summary>BERT's: <c>[CLS] a [SEP]</c> and <c>[CLS] a [SEP] b [SEP]</c>, the second text in segment 1.</summary>
    public static SequenceTemplate Bert(int cls, int sep)
    {
        Part[] single = [Part.Special(cls, 0), Part.First(0), Part.Special(sep, 0)];
        return new(single, [.. single, Part.Second(1), Part.Special(sep, 1)]);
    }

    /// <summary>RoBERTa's: <c>&lt;s&gt; a &lt;/s&gt;</c> and <c>&lt;s&gt; a &lt;/s&gt;&lt;/s&gt; b &lt;/s&gt;</c>, all in segment 0.</summary>
    public static SequenceTemplate Roberta(int cls, int sep)
    {
        Part[] single = [Part.Special(cls, 0), Part.First(0), Part.Special(sep, 0)];
        return new(single, [.. single, Part.Special(sep, 0), Part.Second(0), Part.Special(sep, 0)]);
    }

    /// <summary>How many special tokens are put around one text, or around a pair.</summary>
    public int SpecialCount(bool pair) => (pair ? _pair : _single).Count(part => part.Text is null);

    /// <summary>Puts the special tokens around the ids of one text, or of a pair.</summary>
    public TokenizedText Assemble(ReadOnlySpan<int> first, ReadOnlySpan<int> second, bool pair)
    {
        int length = first.Length + second.Length + SpecialCount(pair);
        int[] ids = new int[length];
        int[] typeIds = new int[length];
        int position = 0;
        foreach (Part part in pair ? _pair : _single)
        {
            ReadOnlySpan<int> source = part.Text switch { 0 => first, 1 => second, _ => [part.Id] };
            source.CopyTo(ids.AsSpan(position));
            typeIds.AsSpan(position, source.Length).Fill(part.TypeId);
            position += source.Length;
        }

        return new TokenizedText(ids, typeIds);
    }
}
