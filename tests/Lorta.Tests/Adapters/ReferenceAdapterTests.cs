using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using JsonFile = Lorta.Checkpoints.JsonFile;

namespace Lorta.Tests.Adapters;

/// <summary>Adapters that the authors' code saved: what it computes with them, and twenty steps of its training.</summary>
public sealed class ReferenceAdapterTests
{
    private static readonly Dictionary<string, LortaFactor> Factors = new()
    {
        ["lora_A"] = LortaFactor.A,
        ["lora_B"] = LortaFactor.B,
        ["lora_C_h"] = LortaFactor.Head,
        ["lora_C_l"] = LortaFactor.Layer,
        ["lora_C_m"] = LortaFactor.Matrix,
    };

    public static TheoryData<string> Adapters
    {
        get
        {
            string root = SharedData.Require("reference/lorta-authors");
            return [.. Directory.GetDirectories(root).Select(folder => Path.GetFileName(folder)).Where(ReferenceModels.IsClassifier).Order()];
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void LogitsGradientsAndTrainingAgree(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        string folder = SharedData.Require($"reference/lorta-authors/{name}");
        using var expected = new ReferenceFile(Path.Combine(folder, "expected.safetensors"));
        using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require($"reference/models/{name}"));
        Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        using var adapter = (LortaAdapter)PeftAdapters.Load(model, folder, head);
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        (string Name, Parameter Parameter)[] trainedHead =
        [
            .. expected.Under("grad.classifier.modules_to_save.default.").Select(entry => ($"classifier.{entry.Name}", head[$"classifier.{entry.Name}"])),
        ];
        Assert.NotEmpty(trainedHead);
        foreach ((_, Parameter parameter) in trainedHead)
        {
            parameter.requires_grad = true;
        }

        using AdapterScope use = adapter.Use();
        (Tensor ids, Tensor mask, Tensor? types) = (expected["input_ids"], expected["attention_mask"], expected.Find("token_type_ids"));
        Tensor Loss() => functional.cross_entropy(model.forward(ids, mask, types), expected["labels"]);

        Near.Absolute(expected["logits"], model.forward(ids, mask, types), 1e-5, "logits");
        Tensor loss = Loss();
        Near.Absolute(expected["loss"].reshape([]), loss, 1e-5, "loss");
        loss.backward();
        foreach ((string tensor, Parameter parameter) in trainedHead)
        {
            Near.Absolute(expected[$"grad.{tensor.Replace("classifier.", "classifier.modules_to_save.default.")}"], parameter.grad!, 1e-5, tensor);
        }

        foreach ((string stored, LortaFactor factor) in Factors)
        {
            Near.Absolute(AsOurs(stored, expected[$"grad.{stored}"]), adapter.Factor(factor).grad!, 1e-5, $"gradient of {stored}");
        }

        // The authors' schedule multiplies warm-up and decay, which ours does not, so the steps are written out here.
        Tensor losses = expected["train.losses"]; // [steps]
        int steps = (int)losses.shape[0];
        using optim.Optimizer optimizer = optim.AdamW([.. trainedHead.Concat(adapter.Trained).Select(entry => entry.Parameter)], weight_decay: 0.01);
        for (int step = 0; step < steps; step++)
        {
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = 5e-3 * Math.Min(1, (step + 1) / 3.0) * (steps - step) / steps;
            }

            optimizer.zero_grad();
            Tensor current = Loss();
            Near.Absolute(losses[step], current, 1e-4, $"loss of step {step}");
            current.backward();
            optimizer.step();
        }

        foreach ((string stored, LortaFactor factor) in Factors)
        {
            Near.Absolute(AsOurs(stored, expected[$"train.final.{stored}"]), adapter.Factor(factor), 1e-4, $"{stored} at the end");
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void UpdatesAgree(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        string folder = SharedData.Require($"reference/lorta-authors/{name}");
        using var expected = new ReferenceFile(Path.Combine(folder, "expected.safetensors"));
        using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require($"reference/models/{name}"));
        using var adapter = (LortaAdapter)PeftAdapters.Load(model, folder, model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter));
        (string Name, Tensor Tensor)[] deltas = [.. expected.Under("delta.")];
        Assert.Equal(4 * model.Config.Layers, deltas.Length);
        foreach ((string module, Tensor delta) in deltas)
        {
            int layer = int.Parse(module.Split('.').SkipWhile(part => part != "layer").ElementAt(1));
            AttentionMatrix matrix = Enum.TryParse(module.Split('.')[^1], ignoreCase: true, out AttentionMatrix named) ? named : AttentionMatrix.Output;
            Near.Absolute(delta * adapter.Options.Scaling, adapter.Delta(layer, matrix), 1e-6, module);
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void WhatIsWrittenBackIsWhatTheAuthorsWrote(string name)
    {
        string folder = SharedData.Require($"reference/lorta-authors/{name}");
        string written = Directory.CreateTempSubdirectory("lorta").FullName;
        try
        {
            using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require($"reference/models/{name}"));
            Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
            using Adapter adapter = PeftAdapters.Load(model, folder, head);
            PeftAdapters.Save(adapter, written, head.Where(entry => entry.Key.StartsWith("classifier.", StringComparison.Ordinal)).ToDictionary(), name, PeftConfig.Lorta);
            JsonFile expectedConfig = JsonFile.Read(Path.Combine(folder, AdapterFolder.ConfigName));
            JsonFile config = JsonFile.Read(Path.Combine(written, AdapterFolder.ConfigName));
            Assert.Equal(Fields(expectedConfig), Fields(config));
            using SafetensorsFile expected = SafetensorsFile.Open(Path.Combine(folder, AdapterFolder.WeightsName));
            using SafetensorsFile actual = SafetensorsFile.Open(Path.Combine(written, AdapterFolder.WeightsName));
            Assert.Equal(expected.Entries.Keys.Order(), actual.Entries.Keys.Order());
            Assert.All(expected.Entries.Keys, tensor => Assert.True(expected.Read(tensor).equal(actual.Read(tensor)).all().ToBoolean(), tensor));
        }
        finally
        {
            Directory.Delete(written, recursive: true);
        }

        static IEnumerable<string> Fields(JsonFile config) => config.Root.EnumerateObject().Select(field => field.Name).Order();
    }

    private static Tensor AsOurs(string factor, Tensor stored) => factor == "lora_B" ? stored.t() : stored;
}
