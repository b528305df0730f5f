namespace Glue.Corpus;

/// <summary>A noun in both numbers.</summary>
internal sealed record Noun(string Singular, string Plural)
{
    public string In(bool plural) => plural ? Plural : Singular;
}

/// <summary>A verb: the present in both numbers, and the past, which has the same form for both.</summary>
internal sealed record Verb(string Singular, string Plural, string Past)
{
    public string In(bool plural) => plural ? Plural : Singular;
}

/// <summary>The words of the generated language.</summary>
internal static class Lexicon
{
    public static readonly Noun[] People = Nouns(
        "baker sailor teacher gardener painter doctor farmer singer pilot poet tailor weaver lawyer banker writer hunter " +
        "ranger nurse judge knight");

    public static readonly Noun[] Things = Nouns(
        "lamp ladder table chair barrel basket mirror window door bridge tower garden river hill boat wagon letter statue " +
        "clock carpet cabinet hammer candle tent");

    public static readonly Verb[] Transitive = Verbs(
        "admire follow avoid describe visit watch guard repair paint mention");

    public static readonly Verb[] Intransitive = Verbs("vanish collapse wait burn remain rest glow tumble");

    public static readonly Verb[] Copulas = [new("is", "are", "was"), new("seems", "seem", "seemed"), new("looks", "look", "looked")];

    public static readonly Verb Have = new("has", "have", "had");

    public static readonly string[] Adjectives = Words(
        "old young tall quiet famous tired proud rusty broken heavy narrow bright golden wooden dusty strange");

    public static readonly string[] Determiners = Words("the my our your");

    public static readonly string[] SingularDeterminers = Words("this one each every");

    public static readonly string[] PluralDeterminers = Words("these two several many");

    public static readonly string[] Prepositions = Words("near behind beside under above beyond");

    public static readonly string[] Adverbs = Words("often never rarely always still clearly");

    public static readonly string[] Openings = Words("during after before despite");

    public static readonly string[] Conjunctions = Words("because while although when");

    /// <summary>Every word once, in ordinal order.</summary>
    public static IReadOnlyList<string> AllWords { get; } =
    [
        .. new[]
        {
            People.Concat(Things).SelectMany(noun => new[] { noun.Singular, noun.Plural }),
            Transitive.Concat(Intransitive).Concat(Copulas).Append(Have).SelectMany(verb => new[] { verb.Singular, verb.Plural, verb.Past }),
            Adjectives, Determiners, SingularDeterminers, PluralDeterminers, Prepositions, Adverbs, Openings, Conjunctions, ["that", ",", "."],
        }.SelectMany(words => words).Distinct().Order(StringComparer.Ordinal),
    ];

    private static string[] Words(string list) => list.Split(' ');

    private static Noun[] Nouns(string list) => [.. Words(list).Select(word => new Noun(word, word + "s"))];

    private static Verb[] Verbs(string list) => [.. Words(list).Select(Regular)];

    private static Verb Regular(string stem) => new(
        stem.EndsWith("sh", StringComparison.Ordinal) || stem.EndsWith("ch", StringComparison.Ordinal) ? stem + "es" : stem + "s",
        stem,
        stem.EndsWith('e') ? stem + "d" : stem + "ed");
}
