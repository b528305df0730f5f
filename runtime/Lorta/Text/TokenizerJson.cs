using System.Text.Json;
using Lorta.Checkpoints;
using Part = Lorta.Text.SequenceTemplate.Part;

namespace Lorta.Text;

/// <summary>
/// Hugging Face's <c>tokenizer.json</c>. Read are byte-level BPE and WordPiece with BERT's normaliser; anything else is refused,
/// because to ignore a part of it would give other ids.
/// </summary>
internal static class TokenizerJson
{
    public static TokenizerDefinition Read(string path, TokenizerConfig config)
    {
        try
        {
            return ReadUnchecked(path, config);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new TokenizerException($"{path} is not built as a Hugging Face tokenizer ({e.Message.TrimEnd('.')}): get the file anew from where the checkpoint came from.", e);
        }
    }

    private static TokenizerDefinition ReadUnchecked(string path, TokenizerConfig config)
    {
        JsonElement root = JsonFile.Read(path).Root;
        JsonElement model = root.Find("model") ?? throw new TokenizerException($"{path} has no model: it is no Hugging Face tokenizer.");
        Dictionary<string, int> vocabulary = VocabularyFiles.ReadIds(model.Find("vocab") ?? default, path);
        SubwordModel kind = ModelOf(model, path);
        SequenceTemplate template = ReadTemplate(root.Find("post_processor"), path);
        TokenizerDefinition definition = TokenizerDefinition.Create(path, kind, vocabulary, config, ReadAddedTokens(root), template);
        return kind == SubwordModel.WordPiece
            ? WithWordPiece(definition, root, model, config)
            : WithByteLevelBpe(definition, root, model, config);
    }

    private static SubwordModel ModelOf(JsonElement model, string path) => model.FindText("type") switch
    {
        "BPE" => SubwordModel.ByteLevelBpe,
        "WordPiece" => SubwordModel.WordPiece,

        // Older files leave the type out.
        null when model.Find("merges") is not null => SubwordModel.ByteLevelBpe,
        null when model.Find("max_input_chars_per_word") is not null => SubwordModel.WordPiece,
        string type => throw NotSupported(path, $"the model '{type}'"),
        null => throw NotSupported(path, "a model without a type"),
    };

    private static TokenizerDefinition WithByteLevelBpe(TokenizerDefinition definition, JsonElement root, JsonElement model, TokenizerConfig config)
    {
        string path = definition.Source;
        RequireType(root, "normalizer", null, path);
        JsonElement words = RequireType(root, "pre_tokenizer", "ByteLevel", path);
        RequireNot(words, "use_regex", JsonValueKind.False, path);
        RequireNot(model, "ignore_merges", JsonValueKind.True, path);
        return definition with
        {
            Merges = [.. (model.Find("merges") ?? default).EnumerateArray().Select(Merge)],
            AddPrefixSpace = config.Switch("add_prefix_space") ?? words.Find("add_prefix_space") is { ValueKind: JsonValueKind.True },
        };
    }

    private static TokenizerDefinition WithWordPiece(TokenizerDefinition definition, JsonElement root, JsonElement model, TokenizerConfig config)
    {
        string path = definition.Source;
        RequireType(root, "pre_tokenizer", "BertPreTokenizer", path);
        JsonElement normalizer = RequireType(root, "normalizer", "BertNormalizer", path);
        RequireNot(normalizer, "clean_text", JsonValueKind.False, path);
        return definition with
        {
            Normalizer = BertNormalizer.From(config, normalizer),
            UnknownToken = model.FindText("unk_token") ?? definition.UnknownToken,
            ContinuingPrefix = model.FindText("continuing_subword_prefix") ?? definition.ContinuingPrefix,
            LongestWord = model.Find("max_input_chars_per_word") is { ValueKind: JsonValueKind.Number } longest ? longest.GetInt32() : definition.LongestWord,
        };
    }

    // Newer files write a merge as an array of two, so that tokens may contain spaces; byte-level tokens never do.
    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.Array
        ? string.Join(' ', merge.EnumerateArray().Select(token => token.GetString()))
        : merge.GetString() ?? "";

    private static IEnumerable<AddedToken> ReadAddedTokens(JsonElement root) =>
        root.Find("added_tokens") is { ValueKind: JsonValueKind.Array } tokens
            ? tokens.EnumerateArray().Select(token => TokenizerConfig.ParseToken(token, token.GetProperty("id").GetInt32())).OfType<AddedToken>()
            : [];

    private static SequenceTemplate ReadTemplate(JsonElement? processor, string path)
    {
        int Id(JsonElement element, string name) => element.Find(name) is { ValueKind: JsonValueKind.Array } pair
            ? pair[1].GetInt32()
            : throw NotSupported(path, $"a post-processor without {name}");

        switch (processor?.FindText("type"))
        {
            case null:
                return new SequenceTemplate([Part.First(0)], [Part.First(0), Part.Second(0)]);
            case "BertProcessing":
                return SequenceTemplate.Bert(Id(processor.Value, "cls"), Id(processor.Value, "sep"));
            case "RobertaProcessing":
                return SequenceTemplate.Roberta(Id(processor.Value, "cls"), Id(processor.Value, "sep"));
            case "TemplateProcessing":
                JsonElement specials = processor.Value.GetProperty("special_tokens");
                return new SequenceTemplate(
                    ReadParts(processor.Value.GetProperty("single"), specials),
                    ReadParts(processor.Value.GetProperty("pair"), specials));
            case string type:
                throw NotSupported(path, $"the post-processor '{type}'");
        }
    }

    private static IEnumerable<Part> ReadParts(JsonElement template, JsonElement specials)
    {
        foreach (JsonElement piece in template.EnumerateArray())
        {
            JsonProperty part = piece.EnumerateObject().Single();
            string name = part.Value.GetProperty("id").GetString()!;
            int typeId = part.Value.GetProperty("type_id").GetInt32();
            if (part.Name == "Sequence")
            {
                yield return name == "A" ? Part.First(typeId) : Part.Second(typeId);
                continue;
            }

            foreach (JsonElement id in specials.GetProperty(name).GetProperty("ids").EnumerateArray())
            {
                yield return Part.Special(id.GetInt32(), typeId);
            }
        }
    }

    private static JsonElement RequireType(JsonElement root, string section, string? type, string path)
    {
        JsonElement element = root.Find(section) ?? default;
        return element.FindText("type") is var found && found == type
            ? element
            : throw NotSupported(path, $"the {section} '{found}'");
    }

    private static void RequireNot(JsonElement element, string name, JsonValueKind refused, string path)
    {
        if (element.Find(name)?.ValueKind == refused)
        {
            throw NotSupported(path, $"{name} = {refused}");
        }
    }

    private static TokenizerException NotSupported(string path, string what) => new(
        $"{path} has {what}, which is not supported: use a checkpoint with RoBERTa's byte-level BPE or BERT's WordPiece.");
}
