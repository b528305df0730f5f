using System.Text.Json;

namespace Lorta.Tests.Adapters;

/// <summary>The tiny models among the reference data.</summary>
internal static class ReferenceModels
{
    /// <summary>Whether a model is a text classifier.</summary>
    public static bool IsClassifier(string name)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"reference/models/{name}/config.json")));
        return config.RootElement.GetProperty("model_type").GetString() is "bert" or "roberta";
    }
}
