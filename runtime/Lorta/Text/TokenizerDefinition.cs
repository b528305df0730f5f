namespace Lorta.Text;

/// <summary>How a tokenizer splits words into tokens.</summary>
internal enum SubwordModel
{
    /// <summary>Byte-level BPE, as GPT-2 and RoBERTa have it.</summary>
    ByteLevelBpe,

    /// <summary>WordPiece, as BERT has it.</summary>
    WordPiece,
}

/// <summary>Everything that a checkpoint's files say about its tokenizer.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file that the vocabulary comes from; errors name it.</summary>
    public required string Source { get; init; }

    public required SubwordModel Model { get; init; }

    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>BPE's merges, most frequent first, each as two tokens with a space between.</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    public required SequenceTemplate Template { get; init; }

    public required string UnknownToken { get; init; }

    public required int PadId { get; init; }

    public required int? MaskId { get; init; }

    /// <summary>BPE: whether a text that starts without a space gets one.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>How the text is cleaned before it is split into words; null if it is taken as it is.</summary>
    public BertNormalizer? Normalizer { get; init; }

    /// <summary>WordPiece: what a token that continues a word starts with.</summary>
    public string ContinuingPrefix { get; init; } = "##";

    /// <summary>WordPiece: a word of more characters is unknown.</summary>
    public int LongestWord { get; init; } = 100;

    /// <summary>The most tokens that the model takes, special ones included.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Full paths of the folder's tokenizer files.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Reads the tokenizer files of a checkpoint's folder; <c>tokenizer.json</c> goes before the older files, as in Hugging Face's libraries.</summary>
    /// <exception cref="TokenizerException">The folder has no tokenizer, or one that is damaged or not supported.</exception>
    public static TokenizerDefinition Read(string folder)
    {
        folder = Path.GetFullPath(folder);
        TokenizerConfig config = TokenizerConfig.Read(folder);
        string json = Path.Combine(folder, "tokenizer.json");
        string vocabulary = Path.Combine(folder, "vocab.json");
        string merges = Path.Combine(folder, "merges.txt");
        string words = Path.Combine(folder, "vocab.txt");
        if (File.Exists(json))
        {
            return TokenizerJson.Read(json, config);
        }

        if (File.Exists(vocabulary) && File.Exists(merges))
        {
            return VocabularyFiles.ReadBpe(vocabulary, merges, config);
        }

        if (File.Exists(words))
        {
            return VocabularyFiles.ReadWordPiece(words, config);
        }

        throw new TokenizerException(!Directory.Exists(folder)
            ? $"{folder} does not exist: give the folder of a checkpoint."
            : $"{folder} has no tokenizer: it needs tokenizer.json, or vocab.json with merges.txt (RoBERTa), or vocab.txt (BERT).");
    }

    /// <summary>What holds for every model: the special tokens, the template and the limits.</summary>
    /// <exception cref="TokenizerException">A token that the model can't do without is missing.</exception>
    public static TokenizerDefinition Create(
        string source,
        SubwordModel model,
        IReadOnlyDictionary<string, int> vocabulary,
        TokenizerConfig config,
        IEnumerable<AddedToken>? added = null,
        SequenceTemplate? template = null)
    {
        IReadOnlyList<AddedToken> addedTokens = config.AddedTokens(added ?? [], model, vocabulary);
        Dictionary<string, int> addedIds = addedTokens.ToDictionary(token => token.Content, token => token.Id);

        int? Find(string role) => config.Role(role, model) is { } token
            ? addedIds.TryGetValue(token.Content, out int id) ? id : vocabulary.TryGetValue(token.Content, out id) ? id : null
            : null;

        int Require(string role) => Find(role) ?? throw new TokenizerException(
            $"{source} has no token '{config.Role(role, model)?.Content}': name the right {role} in tokenizer_config.json.");

        int pad = Require("pad_token");
        return new TokenizerDefinition
        {
            Source = source,
            Model = model,
            Vocabulary = vocabulary,
            AddedTokens = addedTokens,
            Template = template ?? (model == SubwordModel.WordPiece
                ? SequenceTemplate.Bert(Require("cls_token"), Require("sep_token"))
                : SequenceTemplate.Roberta(Require("cls_token"), Require("sep_token"))),
            UnknownToken = config.Role("unk_token", model)!.Content,
            PadId = pad,
            MaskId = Find("mask_token"),
            MaxLength = config.MaxLength(pad),
            Files = config.Files,
        };
    }
}
