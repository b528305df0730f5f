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
        "baker sailor teacher gardener painter doctor farmer singer dancer pilot poet tailor miller barber jeweller weaver " +
        "carpenter plumber lawyer banker writer hunter drummer farrier joiner potter glazier porter waiter butler " +
        "ranger runner student nurse judge guest prince duke monk knight");

    public static readonly Noun[] Things = Nouns(
        "lamp ladder table chair barrel basket bottle mirror window door bridge tower garden river hill boat wagon " +
        "letter painting statue clock kettle carpet curtain cabinet drawer hammer lantern violin drum flag map candle " +
        "fountain orchard stable mill barn cellar tent");

    public static readonly Verb[] Transitive = Verbs(
        "admire praise follow avoid describe remember visit watch guard repair paint clean need mention inspect " +
        "notice photograph borrow collect decorate");

    public static readonly Verb[] Intransitive = Verbs("vanish collapse wait linger burn remain rest tumble glow disappear shiver crumble");

    public static readonly Verb[] Copulas = [new("is", "are", "was"), new("seems", "seem", "seemed"), new("looks", "look", "looked")];

    public static readonly Verb Have = new("has", "have", "had");

    public static readonly string[] Adjectives = Words(
        "old young tall quiet famous tired clever gentle proud rusty broken heavy narrow bright golden wooden dusty empty " +
        "strange lovely ancient modern foreign local silver crooked humble noisy pale sturdy");

    public static readonly string[] Determiners = Words("the my our your their his her");

    public static readonly string[] Prepositions = Words("near behind beside under above beyond before opposite below past");

    public static readonly string[] Adverbs = Words("often never rarely always sometimes still clearly usually hardly certainly");

    public static readonly string[] Openings = Words("during after before despite without");

    public static readonly string[] Conjunctions = Words("because while although when until since");

    /// <summary>Every word once, in ordinal order.</summary>
    public static IReadOnlyList<string> AllWords { get; } =
    [
        .. new[]
        {
            People.Concat(Things).SelectMany(noun => new[] { noun.Singular, noun.Plural }),
            Transitive.Concat(Intransitive).Concat(Copulas).Append(Have).SelectMany(verb => new[] { verb.Singular, verb.Plural, verb.Past }),
            Adjectives, Determiners, Prepositions, Adverbs, Openings, Conjunctions, ["that", ",", "."],
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
