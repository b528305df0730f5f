using FsCheck;
using FsCheck.Fluent;

namespace Lorta.Tests.Text;

/// <summary>A text made to be hard: all planes, lone surrogates, marks, odd spaces, contractions, special tokens.</summary>
public sealed record AnyText(string Value)
{
    public override string ToString() => string.Concat(Value.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:x4}"));
}

/// <summary>Generators for properties of tokenizers.</summary>
public static class TextGenerators
{
    private static readonly string[] Fragments =
    [
        " ", "  ", "\t", "\n", "\r\n", "\v", "\f", "\u0085", "\u00a0", "\u2009", "\u2028", "\u3000", "\u200b", "\u00ad", "\ufeff", "\0", "\u001b",
        "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'", "''", "'S", "’s", "-", "...", "!?", "_", "$", "+", "=", "#", "[", "]", "<", ">",
        "a", "the", "The", "RUN", "ning", "word", "unaffable", "12", "3.5", "½", "²", "٣", "Ⅷ", "𝟘",
        "é", "É", "e\u0301", "\u0301", "\u0323", "İ", "ı", "ẞ", "ß", "ǅ", "Å", "ﬁ", "σς", "Москва", "한국어", "日本", "中", "\ufa0e", "𠀀", "𫠠", "ไทย", "हिन्दी",
        "😀", "👩\u200d👧", "\ud83d", "\udc00", "\udc00\ud83d", "\ufffd", "\ufffe", "\uffff", "\ue000", "𐐀", "≠", "\u1fef", "\u037e", "、", "«", "\U000e0001",
        "<s>", "</s>", "<mask>", " <mask>", "<pad>", "[SEP]", "[MASK]", "[CLS]", "<", "mask>", "[MASK",
    ];

    public static Arbitrary<AnyText> Texts()
    {
        Gen<string> anyUnit = Gen.Choose(0, 0xffff).Select(c => ((char)c).ToString());
        Gen<string> fragment = Gen.Frequency((6, Gen.Elements(Fragments)), (2, Gen.Choose('a', 'z').Select(c => ((char)c).ToString())), (1, anyUnit));
        Gen<AnyText> texts = Gen.ListOf(fragment).Select(parts => new AnyText(string.Concat(parts)));
        return Arb.From(texts, text => Shorter(text.Value));
    }

    private static IEnumerable<AnyText> Shorter(string text) =>
        Enumerable.Range(0, text.Length).Select(i => new AnyText(text.Remove(i, 1)));
}
