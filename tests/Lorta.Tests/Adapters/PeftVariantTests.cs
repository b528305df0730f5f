using System.Text.Json.Nodes;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>Forms of PEFT's folders beside those among the references: made from them by PEFT's rules.</summary>
public sealed class PeftVariantTests : IDisposable
{
    private static readonly bool[] KeptValues = [true, false, true, true];

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Models => ["bert-tiny", "roberta-tiny"];

    [Theory]
    [MemberData(nameof(Models))]
    public void VeraWithoutItsProjectionsIsTheSameFromTheSeed(string name)
    {
        (JsonObject config, Dictionary<string, Tensor> tensors) = Read(name, "vera");
        config["save_projection"] = false;
        Assert.True(tensors.Remove("base_model.vera_A") && tensors.Remove("base_model.vera_B"));
        AdapterFolder.Write(_folder, config, tensors);
        using var expected = new ReferenceFile(SharedData.Require($"reference/peft/{name}/vera/expected.safetensors"));
        Near.Absolute(expected["logits"], Logits(name, _folder, expected), 1e-5, "logits");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void PrunedAdaLoraLoadsByItsRankPattern(string name)
    {
        (JsonObject config, Dictionary<string, Tensor> tensors) = Read(name, "adalora");
        string whole = Path.Combine(_folder, "whole");
        string pruned = Path.Combine(_folder, "pruned");
        Tensor kept = tensor(KeptValues);
        var pattern = new JsonObject();
        var rest = new Dictionary<string, Tensor>(tensors);
        foreach ((string tensor, Tensor value) in tensors.Where(entry => entry.Key.Contains(".lora_", StringComparison.Ordinal)))
        {
            rest[tensor] = value.index_select(tensor.EndsWith("lora_B", StringComparison.Ordinal) ? 1 : 0, kept.nonzero().squeeze(1));
            if (tensor.EndsWith("lora_E", StringComparison.Ordinal))
            {
                pattern[tensor["base_model.model.".Length..]] = new JsonArray([.. KeptValues.Select(value => (JsonNode?)value)]);
                value.mul_(kept.unsqueeze(1));
            }
        }

        AdapterFolder.Write(whole, config, tensors);
        config["rank_pattern"] = pattern;
        AdapterFolder.Write(pruned, config, rest);
        using var batch = new ReferenceFile(SharedData.Require($"reference/peft/{name}/adalora/expected.safetensors"));
        Tensor expected = Logits(name, whole, batch);
        Near.Absolute(expected, Logits(name, pruned, batch), 1e-6, "logits");
        Assert.False(expected.allclose(batch["logits"]));
    }

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static (JsonObject Config, Dictionary<string, Tensor> Tensors) Read(string model, string method)
    {
        string folder = SharedData.Require($"reference/peft/{model}/{method}");
        using SafetensorsFile stored = SafetensorsFile.Open(Path.Combine(folder, AdapterFolder.WeightsName));
        return (
            JsonNode.Parse(File.ReadAllText(Path.Combine(folder, AdapterFolder.ConfigName)))!.AsObject(),
            stored.Entries.Keys.ToDictionary(name => name, stored.Read));
    }

    private static Tensor Logits(string name, string folder, ReferenceFile batch)
    {
        using IDisposable noGrad = no_grad();
        using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require($"reference/models/{name}"));
        Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        using Adapter adapter = PeftAdapters.Load(model, folder, head);
        using AdapterScope use = adapter.Use();
        return model.forward(batch["input_ids"], batch["attention_mask"], batch.Find("token_type_ids"));
    }
}
