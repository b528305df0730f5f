namespace Glue.Corpus;

/// <summary>
/// Writes sentences whose verb agrees with its subject, or does not. Other nouns, of either number, stand before the subject
/// and between it and the verb. Which noun the verb must agree with is a matter of structure: no word, pair of words or count
/// of words tells whether it does.
/// </summary>
internal sealed class SentenceGenerator(Random random)
{
    private const int MinLength = 16;
    private const int MaxLength = 24;

    /// <summary>A sentence of any shape whose verbs agree.</summary>
    public string Next()
    {
        var words = new List<string>();
        WriteSentence(words, modifiers: random.Next(3), agrees: true);
        return string.Join(' ', words);
    }

    /// <summary>A sentence of 16 to 24 words with one or two nouns between subject and verb.</summary>
    /// <param name="agrees">Whether the main verb has its subject's number, as in good English.</param>
    public string NextHard(bool agrees)
    {
        while (true)
        {
            var words = new List<string>();
            WriteSentence(words, modifiers: 1 + random.Next(2), agrees);
            if (words.Count is >= MinLength and <= MaxLength)
            {
                return string.Join(' ', words);
            }
        }
    }

    private void WriteSentence(List<string> words, int modifiers, bool agrees)
    {
        if (Chance(0.5))
        {
            words.Add(Pick(Lexicon.Openings));
            WriteNounPhrase(words, Pick(Lexicon.Things), Chance(0.5));
            words.Add(",");
        }

        bool subjectIsPlural = Chance(0.5);
        bool isPerson = Chance(0.5);
        WriteNounPhrase(words, Pick(isPerson ? Lexicon.People : Lexicon.Things), subjectIsPlural);
        for (int i = 0; i < modifiers; i++)
        {
            WriteModifier(words);
        }

        WritePredicate(words, isPerson, subjectIsPlural == agrees);
        if (Chance(0.5))
        {
            bool otherIsPlural = Chance(0.5);
            words.Add(Pick(Lexicon.Conjunctions));
            WriteNounPhrase(words, Pick(Lexicon.People), otherIsPlural);
            words.Add(Pick(Lexicon.Intransitive).In(otherIsPlural));
        }

        words.Add(".");
    }

    /// <summary>What stands between subject and verb: its noun is the bait.</summary>
    private void WriteModifier(List<string> words)
    {
        if (Chance(0.6))
        {
            words.Add(Pick(Lexicon.Prepositions));
            WriteNounPhrase(words, Pick(Lexicon.Things), Chance(0.5));
        }
        else
        {
            words.Add("that");
            WriteNounPhrase(words, Pick(Lexicon.People), Chance(0.5));
            words.Add(Pick(Lexicon.Transitive).Past);
        }
    }

    private void WritePredicate(List<string> words, bool isPerson, bool plural)
    {
        if (Chance(0.3))
        {
            words.Add(Pick(Lexicon.Adverbs));
        }

        double kind = random.NextDouble();
        if (kind < 0.25)
        {
            words.Add(Pick(Lexicon.Copulas).In(plural));
            words.Add(Pick(Lexicon.Adjectives));
        }
        else if (kind < 0.5)
        {
            words.Add(Pick(Lexicon.Intransitive).In(plural));
        }
        else if (kind < 0.75 || !isPerson)
        {
            words.Add(Lexicon.Have.In(plural));
            words.Add(Pick(Lexicon.Intransitive).Past);
        }
        else
        {
            words.Add(Pick(Lexicon.Transitive).In(plural));
            WriteNounPhrase(words, Pick(Lexicon.Things), Chance(0.5));
        }

        if (Chance(0.5))
        {
            words.Add(Pick(Lexicon.Prepositions));
            WriteNounPhrase(words, Pick(Lexicon.Things), Chance(0.5));
        }
    }

    private void WriteNounPhrase(List<string> words, Noun noun, bool plural)
    {
        words.Add(Pick(Chance(0.5) ? Lexicon.Determiners : plural ? Lexicon.PluralDeterminers : Lexicon.SingularDeterminers));
        if (Chance(0.3))
        {
            words.Add(Pick(Lexicon.Adjectives));
        }

        words.Add(noun.In(plural));
    }

    private bool Chance(double probability) => random.NextDouble() < probability;

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];
}
