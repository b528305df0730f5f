using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Models;

/// <summary>The fields of <c>config.json</c> that describe an encoder.</summary>
internal static class EncoderConfigFields
{
    private static readonly (string Name, Activation Activation)[] Activations =
    [
        ("gelu", Activation.Gelu), ("gelu_new", Activation.GeluTanh), ("gelu_pytorch_tanh", Activation.GeluTanh), ("relu", Activation.Relu),
    ];

    /// <exception cref="CheckpointException">A field is missing or out of range, or asks for what the encoders do not have.</exception>
    public static EncoderConfig Read(JsonFile config)
    {
        string positions = config.GetString("position_embedding_type", "absolute");
        if (positions != "absolute")
        {
            throw new CheckpointException($"{config.FilePath}: the position_embedding_type is '{positions}', and only 'absolute' is supported.");
        }

        string activation = config.GetString("hidden_act", "gelu");
        int found = Array.FindIndex(Activations, entry => entry.Name == activation);
        if (found < 0)
        {
            throw new CheckpointException(
                $"{config.FilePath}: the hidden_act is '{activation}', and only {string.Join(", ", Activations.Select(entry => entry.Name))} are supported.");
        }

        int width = config.GetInt32("hidden_size", min: 1);
        int heads = config.GetInt32("num_attention_heads", min: 1);
        if (width % heads != 0)
        {
            throw new CheckpointException($"{config.FilePath}: num_attention_heads is {heads}, which does not divide the hidden_size {width}.");
        }

        return new EncoderConfig
        {
            VocabularySize = config.GetInt32("vocab_size", min: 1),
            Width = width,
            Layers = config.GetInt32("num_hidden_layers", min: 1),
            Heads = heads,
            IntermediateWidth = config.GetInt32("intermediate_size", min: 1),
            MaxPositions = config.GetInt32("max_position_embeddings", min: 1),
            TokenTypes = config.GetInt32("type_vocab_size", min: 1),
            PadId = config.GetInt32("pad_token_id", min: 0),
            NormEpsilon = config.GetDouble("layer_norm_eps"),
            Activation = Activations[found].Activation,
            HiddenDropout = Probability(config, "hidden_dropout_prob"),
            AttentionDropout = Probability(config, "attention_probs_dropout_prob"),
            HeadDropout = config.Has("classifier_dropout") ? Probability(config, "classifier_dropout") : null,
            InitializerRange = config.GetDouble("initializer_range", 0.02),
        };
    }

    public static JsonObject Write(EncoderConfig config, string modelType, string architecture, IReadOnlyList<string>? labels)
    {
        var fields = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = modelType,
            ["vocab_size"] = config.VocabularySize,
            ["hidden_size"] = config.Width,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["intermediate_size"] = config.IntermediateWidth,
            ["max_position_embeddings"] = config.MaxPositions,
            ["type_vocab_size"] = config.TokenTypes,
            ["pad_token_id"] = config.PadId,
            ["layer_norm_eps"] = config.NormEpsilon,
            ["hidden_act"] = Array.Find(Activations, entry => entry.Activation == config.Activation).Name,
            ["hidden_dropout_prob"] = config.HiddenDropout,
            ["attention_probs_dropout_prob"] = config.AttentionDropout,
            ["classifier_dropout"] = config.HeadDropout,
            ["initializer_range"] = config.InitializerRange,
            ["position_embedding_type"] = "absolute",
        };
        if (labels is not null)
        {
            fields["id2label"] = new JsonObject(labels.Select((label, id) => KeyValuePair.Create(id.ToString(), (JsonNode?)label)));
            fields["label2id"] = new JsonObject(labels.Select((label, id) => KeyValuePair.Create(label, (JsonNode?)id)));
            if (labels.Count == 1)
            {
                fields["problem_type"] = "regression";
            }
        }

        return fields;
    }

    private static double Probability(JsonFile config, string name)
    {
        double value = config.GetDouble(name);
        return value is >= 0 and < 1
            ? value
            : throw new CheckpointException($"{config.FilePath}: the field '{name}' is {value}, and must be at least 0 and below 1.");
    }
}
