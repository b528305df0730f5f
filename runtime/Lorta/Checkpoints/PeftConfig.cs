using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lorta.Checkpoints;

/// <summary>
/// The <c>adapter_config.json</c> of PEFT 0.21, and of the fork of it that LoRTA's authors published: its fields for each
/// <c>peft_type</c>, with the values that change nothing.
/// </summary>
public static class PeftConfig
{
    /// <summary>LoRA, rsLoRA and DoRA.</summary>
    public const string Lora = "LORA";

    /// <summary>VeRA.</summary>
    public const string Vera = "VERA";

    /// <summary>AdaLoRA.</summary>
    public const string AdaLora = "ADALORA";

    /// <summary>LoRTA, in the authors' fork.</summary>
    public const string Lorta = "LORTA";

    internal const string TypeField = "peft_type";

    private const string CommonFields =
        """
        {
          "auto_mapping": null, "base_model_name_or_path": null, "bias": "none", "fan_in_fan_out": false, "inference_mode": true,
          "layers_pattern": null, "layers_to_transform": null, "modules_to_save": null, "peft_type": null, "r": 8, "revision": null,
          "target_modules": null, "task_type": null
        }
        """;

    private const string ForkFields =
        """
        {
          "alpha_pattern": {}, "init_lora_weights": true, "layer_replication": null, "loftq_config": {}, "lora_alpha": 8,
          "lora_dropout": 0.0, "megatron_config": null, "megatron_core": "megatron.core", "rank_pattern": {}, "use_dora": false,
          "use_rslora": false
        }
        """;

    private const string LoraFields =
        """
        {
          "alora_invocation_tokens": null, "arrow_config": null, "corda_config": null, "ensure_weight_tying": false,
          "eva_config": null, "exclude_modules": null, "kasa_config": null, "lora_bias": false, "lora_ga_config": null,
          "monteclora_config": null, "peft_version": "0.21.2", "qalora_group_size": 16, "target_parameters": null,
          "trainable_token_indices": null, "use_bdlora": null, "use_qalora": false, "velora_config": null
        }
        """;

    private const string AdaLoraFields =
        """
        {
          "beta1": 0.85, "beta2": 0.85, "deltaT": 1, "init_r": 12, "orth_reg_weight": 0.5, "rank_pattern": null, "target_r": 8,
          "tfinal": 0, "tinit": 0, "total_step": null
        }
        """;

    private const string VeraFields =
        """
        {
          "d_initial": 0.1, "init_weights": true, "peft_version": "0.21.2", "projection_prng_key": 0, "r": 256,
          "save_projection": true, "vera_dropout": 0.0
        }
        """;

    private static readonly Dictionary<string, string[]> FieldsByType = new(StringComparer.Ordinal)
    {
        [Lora] = [CommonFields, ForkFields, LoraFields],
        [AdaLora] = [CommonFields, ForkFields, LoraFields, AdaLoraFields],
        [Vera] = [CommonFields, VeraFields],
        [Lorta] = [CommonFields, ForkFields, """{ "init_scale": 0.0 }"""],
    };

    // Of these any value is fine: they are read, or do not bear on what a stored adapter computes.
    private static readonly HashSet<string> Free =
    [
        "auto_mapping", "base_model_name_or_path", "inference_mode", "layers_pattern", "loftq_config", "eva_config", "corda_config",
        "lora_ga_config", "megatron_core", "modules_to_save", TypeField, "peft_version", "qalora_group_size", "revision", "runtime_config",
        "target_modules", "task_type", "ensure_weight_tying", "init_scale", "init_weights",
        "r", "lora_alpha", "lora_dropout", "use_rslora", "use_dora", "beta1", "beta2", "deltaT", "init_r", "orth_reg_weight", "target_r",
        "tfinal", "tinit", "total_step", "d_initial", "projection_prng_key", "save_projection", "vera_dropout",
    ];

    // Starts that leave the base's weights as they were.
    private static readonly HashSet<string> HarmlessStarts = ["gaussian", "orthogonal", "eva"];

    /// <summary>All fields of a type, some of them set.</summary>
    /// <param name="type">The <c>peft_type</c>.</param>
    /// <param name="values">The fields that are set; the others keep their neutral values.</param>
    /// <returns>The configuration, its fields in the order of their names.</returns>
    public static JsonObject Write(string type, JsonObject values)
    {
        var fields = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (JsonObject source in FieldsByType[type].Select(text => JsonNode.Parse(text)!.AsObject()).Append(values))
        {
            foreach ((string name, JsonNode? value) in source)
            {
                fields[name] = value?.DeepClone();
            }
        }

        fields[TypeField] = type;
        return new JsonObject(fields);
    }

    /// <summary>Checks that a configuration asks for nothing that is not supported.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns>Its <c>peft_type</c>.</returns>
    /// <exception cref="CheckpointException">The type is unknown, or a field changes what the adapter computes in an unknown way.</exception>
    public static string Check(JsonFile config)
    {
        string type = config.GetString(TypeField);
        if (!FieldsByType.ContainsKey(type))
        {
            throw new CheckpointException($"{config.FilePath}: the {TypeField} is '{type}', and only {string.Join(", ", FieldsByType.Keys)} are supported.");
        }

        JsonObject neutral = Write(type, []);
        foreach (JsonProperty field in config.Root.EnumerateObject().Where(field => !Free.Contains(field.Name)))
        {
            bool understood = field.Name == "rank_pattern" && type == AdaLora;
            if (!understood && !IsNeutral(field, neutral))
            {
                string text = field.Value.GetRawText();
                throw new CheckpointException(
                    $"{config.FilePath}: the field '{field.Name}' is {(text.Length > 40 ? $"{text[..40]}..." : text)}, which is not supported: " +
                    "train the adapter without it.");
            }
        }

        return type;
    }

    private static bool IsNeutral(JsonProperty field, JsonObject neutral) => field.Value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Object => !field.Value.EnumerateObject().Any(),
        JsonValueKind.Array => field.Value.GetArrayLength() == 0,
        JsonValueKind.String when field.Name == "init_lora_weights" => HarmlessStarts.Contains(field.Value.GetString()!),
        _ => neutral.TryGetPropertyValue(field.Name, out JsonNode? value) && JsonNode.DeepEquals(value, JsonNode.Parse(field.Value.GetRawText())),
    };
}
