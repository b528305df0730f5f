namespace Lorta.Models;

/// <summary>The sizes and settings of a BERT-like encoder, as a checkpoint's <c>config.json</c> has them.</summary>
public sealed record EncoderConfig
{
    /// <summary>Number of token ids (<c>vocab_size</c>).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width d of the hidden states (<c>hidden_size</c>).</summary>
    public required int Width { get; init; }

    /// <summary>Number of layers L (<c>num_hidden_layers</c>).</summary>
    public required int Layers { get; init; }

    /// <summary>Number of attention heads H (<c>num_attention_heads</c>); divides the width.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the feed-forward's inner layer (<c>intermediate_size</c>).</summary>
    public required int IntermediateWidth { get; init; }

    /// <summary>Rows of the position table (<c>max_position_embeddings</c>).</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Rows of the token type table (<c>type_vocab_size</c>).</summary>
    public int TokenTypes { get; init; } = 2;

    /// <summary>The id of padding (<c>pad_token_id</c>).</summary>
    public int PadId { get; init; }

    /// <summary>Epsilon of the layer norms (<c>layer_norm_eps</c>).</summary>
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>The feed-forward's activation (<c>hidden_act</c>).</summary>
    public Activation Activation { get; init; }

    /// <summary>Dropout probability of embeddings and sublayers' outputs (<c>hidden_dropout_prob</c>).</summary>
    public double HiddenDropout { get; init; } = 0.1;

    /// <summary>Dropout probability of the attention weights (<c>attention_probs_dropout_prob</c>).</summary>
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>Dropout probability of the classification head (<c>classifier_dropout</c>; the hidden one where null).</summary>
    public double? HeadDropout { get; init; }

    /// <summary>Standard deviation that new weights are drawn with (<c>initializer_range</c>).</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>This configuration without any dropout.</summary>
    /// <returns>A copy.</returns>
    public EncoderConfig WithoutDropout() => this with { HiddenDropout = 0, AttentionDropout = 0, HeadDropout = 0 };
}
