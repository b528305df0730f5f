namespace Lorta.Checkpoints.Hub;

/// <summary>Which files of a repository a model needs: configuration, tokenizer and safetensors, nothing else.</summary>
internal static class ModelFiles
{
    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model",
    ];

    /// <summary>The files to fetch before the shards are known.</summary>
    /// <param name="id">The model, for errors.</param>
    /// <param name="available">All files of the repository.</param>
    /// <exception cref="CheckpointException">The repository has no configuration or no safetensors.</exception>
    public static IReadOnlyList<string> Select(HubModelId id, IReadOnlySet<string> available)
    {
        if (!available.Contains(PretrainedFolder.ConfigName))
        {
            throw new CheckpointException($"{id} on the hub has no {PretrainedFolder.ConfigName}: choose a repository of a transformers model.");
        }

        string[] weights = [PretrainedFolder.WeightsName, PretrainedFolder.IndexName];
        string found = weights.FirstOrDefault(available.Contains) ?? throw NoWeights(id, available);
        return [PretrainedFolder.ConfigName, .. TokenizerFiles.Where(available.Contains), found];
    }

    /// <summary>Whether a folder has a configuration, and weights with all their shards.</summary>
    public static bool AreComplete(string folder)
    {
        bool Has(string name) => File.Exists(Path.Combine(folder, name));
        return Has(PretrainedFolder.ConfigName)
            && (Has(PretrainedFolder.WeightsName)
                || (Has(PretrainedFolder.IndexName) && Shards(folder).All(Has)));
    }

    /// <summary>The shards that the folder's index lists.</summary>
    /// <exception cref="CheckpointException">The index is broken.</exception>
    public static IReadOnlyList<string> Shards(string folder) =>
        [.. PretrainedFolder.ReadIndex(JsonFile.Read(Path.Combine(folder, PretrainedFolder.IndexName))).Select(tensor => tensor.Shard).Distinct()];

    private static CheckpointException NoWeights(HubModelId id, IReadOnlySet<string> available)
    {
        string? pickle = available.Order(StringComparer.Ordinal).FirstOrDefault(name => name.StartsWith("pytorch_model", StringComparison.Ordinal));
        return new CheckpointException(pickle is null
            ? $"{id} on the hub has no {PretrainedFolder.WeightsName}: choose a repository or revision that has one."
            : $"{id} on the hub has its weights in {pickle}, a pickle, which can run code when it is loaded: choose a revision with {PretrainedFolder.WeightsName}, or convert it first.");
    }
}
