using System.Text.Json.Nodes;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>Adapter folders that are wrong, foreign, half-written or hostile: one sentence, and the model stays as it was.</summary>
public sealed class HostileFolderTests : IDisposable
{
    private const string Query = "base_model.model.bert.encoder.layer.1.attention.self.query.lora_A.weight";

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;

    public static TheoryData<string, string, string> Fields => new()
    {
        { "peft_type", "\"IA3\"", "the peft_type is 'IA3', and only" },
        { "peft_type", "null", "lacks the field 'peft_type'" },
        { "peft_type", "7", "must be a string" },
        { "target_modules", """["query", "w_key"]""", "the target module 'w_key' is no attention projection" },
        { "target_modules", "\"all-linear\"", "must be a list of strings" },
        { "r", "5", "has the shape" },
        { "r", "0", "must be at least 1" },
        { "r", "2000000000", "Rank is 2000000000" },
        { "lora_alpha", "1e999", "Alpha is" },
        { "lora_dropout", "-0.5", "Dropout is -0.5" },
        { "use_dora", "true", "lora_magnitude_vector" },
        { "bias", "\"all\"", "the field 'bias' is \"all\", which is not supported" },
        { "alpha_pattern", """{"query": 2}""", "the field 'alpha_pattern'" },
        { "rank_pattern", """{"query": 2}""", "the field 'rank_pattern'" },
        { "init_lora_weights", "\"pissa\"", "the field 'init_lora_weights'" },
        { "layers_to_transform", "[0]", "the field 'layers_to_transform'" },
        { "a_field_of_tomorrow", "true", "the field 'a_field_of_tomorrow'" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void AFieldThatIsWrongOrUnsupportedIsNamed(string field, string value, string expected)
    {
        CopyReference();
        Edit(config => config[field] = JsonNode.Parse(value));
        Refused(expected);
    }

    [Fact]
    public void AMissingTensorIsNamed() => RefusedTensors(tensors => tensors.Remove(Query), $"lacks the tensor '{Query}'");

    [Fact]
    public void ATensorTooManyIsNamed() => RefusedTensors(tensors => tensors["base_model.model.more"] = zeros(2), "'base_model.model.more' that the model has no place for");

    [Fact]
    public void AHeadForOtherLabelsIsNamed() =>
        RefusedTensors(tensors => tensors["base_model.model.classifier.bias"] = zeros(5), "'base_model.model.classifier.bias' has the shape [5]");

    [Fact]
    public void ANaNIsNamed() => RefusedTensors(tensors => tensors[Query] = full_like(tensors[Query], float.NaN), $"'{Query}' holds a value that is not finite");

    [Fact]
    public void ATornFileIsNamed()
    {
        CopyReference();
        string file = Path.Combine(_folder, AdapterFolder.WeightsName);
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^100]);
        Refused(AdapterFolder.WeightsName);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        CopyReference();
        File.Delete(Path.Combine(_folder, AdapterFolder.WeightsName));
        Refused(AdapterFolder.WeightsName);
    }

    [Fact]
    public void AnotherBaseIsNoPlaceForIt()
    {
        using SequenceClassifier other = SequenceClassifier.Load(SharedData.Require("reference/models/roberta-tiny"));
        string folder = SharedData.Require("reference/peft/bert-tiny/lora");
        Assert.Throws<CheckpointException>(() => PeftAdapters.Load(other, folder));
        Assert.Empty(other.Sites.Adapters);
    }

    [Theory]
    [InlineData("[true, false]", "one list of 4 truth values")]
    [InlineData("4", "one list of 4 truth values")]
    public void ARankPatternThatFitsNoMatrixIsNamed(string pattern, string expected)
    {
        CopyReference("adalora");
        Edit(config => config["rank_pattern"] = new JsonObject { ["bert.encoder.layer.0.attention.self.query.lora_E"] = JsonNode.Parse(pattern) });
        Refused(expected);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void CopyReference(string method = "lora")
    {
        string reference = SharedData.Require($"reference/peft/bert-tiny/{method}");
        foreach (string name in new[] { AdapterFolder.ConfigName, AdapterFolder.WeightsName })
        {
            File.WriteAllBytes(Path.Combine(_folder, name), File.ReadAllBytes(Path.Combine(reference, name)));
        }
    }

    private void Edit(Action<JsonObject> edit)
    {
        string file = Path.Combine(_folder, AdapterFolder.ConfigName);
        JsonObject config = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        edit(config);
        File.WriteAllText(file, config.ToJsonString());
    }

    private void RefusedTensors(Action<Dictionary<string, Tensor>> edit, string expected)
    {
        CopyReference();
        using DisposeScope scope = NewDisposeScope();
        string file = Path.Combine(_folder, AdapterFolder.WeightsName);
        Dictionary<string, Tensor> tensors;
        using (SafetensorsFile stored = SafetensorsFile.Open(file))
        {
            tensors = stored.Entries.Keys.ToDictionary(name => name, stored.Read);
        }

        edit(tensors);
        SafetensorsFile.Write(file, tensors);
        Refused(expected);
    }

    private void Refused(string expected)
    {
        using DisposeScope scope = NewDisposeScope();
        using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require("reference/models/bert-tiny"));
        Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        Dictionary<string, Tensor> before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        string message = Assert.Throws<CheckpointException>(() => PeftAdapters.Load(model, _folder, head)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Empty(model.Sites.Adapters);
        Assert.All(model.state_dict(), entry => Assert.True(before[entry.Key].equal(entry.Value).all().ToBoolean()));
    }
}
