using System.Text.Json;
using Lorta.Checkpoints;

namespace Lorta.Text;

/// <summary>
/// What <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>, <c>added_tokens.json</c> and <c>config.json</c> say beside the
/// vocabulary. Each may be missing; a token that none of them names is the default of the model's tokenizer class.
/// </summary>
internal sealed class TokenizerConfig
{
    private static readonly string[] FileNames =
        ["tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

    private static readonly string[] Roles =
        ["cls_token", "sep_token", "pad_token", "unk_token", "mask_token", "bos_token", "eos_token"];

    private readonly string _folder;
    private readonly JsonElement? _settings;
    private readonly JsonElement? _specialTokens;
    private readonly JsonElement? _addedTokens;
    private readonly JsonElement? _model;

    private TokenizerConfig(string folder)
    {
        _folder = folder;
        _settings = ReadIfPresent("tokenizer_config.json");
        _specialTokens = ReadIfPresent("special_tokens_map.json");
        _addedTokens = ReadIfPresent("added_tokens.json");
        _model = ReadIfPresent("config.json");
    }

    /// <summary>Full paths of the folder's tokenizer files.</summary>
    public IReadOnlyList<string> Files => FilesIn(_folder);

    /// <summary>Full paths of the tokenizer files that are in a folder, which need not be there.</summary>
    public static IReadOnlyList<string> FilesIn(string folder) => [.. FileNames.Select(name => Path.Combine(folder, name)).Where(File.Exists)];

    public static TokenizerConfig Read(string folder) => new(folder);

    /// <summary>A switch of <c>tokenizer_config.json</c>; null where it is missing or null.</summary>
    public bool? Switch(string name) => _settings?.Find(name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The token in a role such as <c>pad_token</c>; null if there is none.</summary>
    public AddedToken? Role(string role, SubwordModel model)
    {
        JsonElement? named = _settings?.Find(role) ?? _specialTokens?.Find(role);
        if (named is { ValueKind: JsonValueKind.Object } token)
        {
            return ParseToken(token);
        }

        string? content = named is { ValueKind: JsonValueKind.String } text ? text.GetString() : Default(role, model);

        // RoBERTa's mask takes the space before it, so that it stands for a word with its space.
        return content is null ? null : new AddedToken(content, 0, Special: true, LeftStrip: role == "mask_token" && model == SubwordModel.ByteLevelBpe);
    }

    /// <summary>
    /// The most tokens that the model takes: the smaller of <c>model_max_length</c> and the number of positions in
    /// <c>config.json</c>; <see cref="int.MaxValue"/> where neither is given.
    /// </summary>
    public int MaxLength(int padId)
    {
        double limit = _settings?.Find("model_max_length") is { ValueKind: JsonValueKind.Number } length ? length.GetDouble() : int.MaxValue;
        if (_model?.Find("max_position_embeddings") is { ValueKind: JsonValueKind.Number } positions)
        {
            // RoBERTa counts positions from behind the padding id, so the first ones are never used.
            bool shifted = _model?.Find("model_type") is { ValueKind: JsonValueKind.String } type && type.GetString() == "roberta";
            limit = Math.Min(limit, positions.GetDouble() - (shifted ? padId + 1 : 0));
        }

        return limit >= 1
            ? (int)Math.Min(limit, int.MaxValue)
            : throw new TokenizerException($"{_folder} allows sequences of {limit} tokens: correct model_max_length in tokenizer_config.json.");
    }

    /// <summary>All added tokens: the known ones, those that these files list, and the special ones by role.</summary>
    public IReadOnlyList<AddedToken> AddedTokens(IEnumerable<AddedToken> known, SubwordModel model, IReadOnlyDictionary<string, int> vocabulary)
    {
        IEnumerable<AddedToken> listed = Properties(_settings?.Find("added_tokens_decoder"))
            .Select(entry => int.TryParse(entry.Name, out int id) ? ParseToken(entry.Value, id) : null).OfType<AddedToken>();
        IEnumerable<AddedToken> plain = Properties(_addedTokens)
            .Select(entry => entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id)
                ? new AddedToken(entry.Name, id, Special: false, Normalized: true)
                : null).OfType<AddedToken>();
        IEnumerable<AddedToken> special = Roles.Select(role => Role(role, model)).OfType<AddedToken>()
            .Where(token => vocabulary.ContainsKey(token.Content))
            .Select(token => token with { Id = vocabulary[token.Content] });
        return [.. known.Concat(listed).Concat(plain).Concat(special).DistinctBy(token => token.Content)];
    }

    /// <summary>An added token as these files write it: an object with its text and flags.</summary>
    public static AddedToken? ParseToken(JsonElement element, int id = 0)
    {
        bool Flag(string name) => element.Find(name) is { ValueKind: JsonValueKind.True };
        return element.Find("content") is { ValueKind: JsonValueKind.String } content
            ? new AddedToken(content.GetString()!, id, Flag("special"), Flag("lstrip"), Flag("rstrip"), Flag("single_word"), Flag("normalized"))
            : null;
    }

    private static string? Default(string role, SubwordModel model) => (model, role) switch
    {
        (SubwordModel.WordPiece, "cls_token") => "[CLS]",
        (SubwordModel.WordPiece, "sep_token") => "[SEP]",
        (SubwordModel.WordPiece, "pad_token") => "[PAD]",
        (SubwordModel.WordPiece, "unk_token") => "[UNK]",
        (SubwordModel.WordPiece, "mask_token") => "[MASK]",
        (SubwordModel.ByteLevelBpe, "cls_token" or "bos_token") => "<s>",
        (SubwordModel.ByteLevelBpe, "sep_token" or "eos_token") => "</s>",
        (SubwordModel.ByteLevelBpe, "pad_token") => "<pad>",
        (SubwordModel.ByteLevelBpe, "unk_token") => "<unk>",
        (SubwordModel.ByteLevelBpe, "mask_token") => "<mask>",
        _ => null,
    };

    private static IEnumerable<JsonProperty> Properties(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } value ? value.EnumerateObject() : [];

    private JsonElement? ReadIfPresent(string name)
    {
        string path = Path.Combine(_folder, name);
        return File.Exists(path) ? JsonFile.Read(path).Root : null;
    }
}
