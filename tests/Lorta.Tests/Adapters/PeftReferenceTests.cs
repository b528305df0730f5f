using System.Text.Json.Nodes;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using AdamW = Lorta.Training.AdamW;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Adapters;

/// <summary>Adapters that PEFT saved: what it computes with them, twenty steps of its training, and what is written back.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class PeftReferenceTests : IDisposable
{
    private const string SavedHead = "classifier.modules_to_save.default.";

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;

    public static TheoryData<string> Adapters
    {
        get
        {
            string root = SharedData.Require("reference/peft");
            return
            [
                .. Directory.GetDirectories(root).Where(model => ReferenceModels.IsClassifier(Path.GetFileName(model))).SelectMany(Directory.GetDirectories)
                    .Select(folder => Path.GetRelativePath(root, folder)).Order(),
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void LogitsGradientsAndTrainingAgree(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Loaded loaded = Load(name);
        (ReferenceFile expected, SequenceClassifier model, Adapter adapter, Dictionary<string, Parameter> head) = loaded;
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        (string Name, Parameter Parameter)[] trainedHead =
            [.. expected.Under($"grad.{SavedHead}").Select(entry => (entry.Name, head[$"classifier.{entry.Name}"]))];
        Assert.NotEmpty(trainedHead);
        foreach ((_, Parameter parameter) in trainedHead)
        {
            parameter.requires_grad = true;
        }

        using AdapterScope use = adapter.Use();
        (Tensor ids, Tensor mask, Tensor? types) = (expected["input_ids"], expected["attention_mask"], expected.Find("token_type_ids"));
        Near.Absolute(expected["logits"], model.forward(ids, mask, types), 1e-5, "logits");
        Tensor Loss()
        {
            Tensor loss = functional.cross_entropy(model.forward(ids, mask, types), expected["labels"]);
            return adapter.Penalty() is { } penalty ? loss.Plus(penalty) : loss;
        }

        Tensor loss = Loss();
        Near.Absolute(expected["loss"].reshape([]), loss, 1e-5, "loss");
        loss.backward();
        foreach ((string tensor, Parameter parameter) in trainedHead)
        {
            Near.Absolute(expected[$"grad.{SavedHead}{tensor}"], parameter.grad!, 1e-4, tensor);
        }

        IReadOnlyDictionary<string, Tensor> tensors = adapter.ToPeft(adapter.PeftTypes[0]).Tensors;
        (string Name, Tensor Tensor)[] gradients = [.. expected.Under("grad.").Where(entry => !entry.Name.StartsWith(SavedHead, StringComparison.Ordinal))];
        Assert.Equal(adapter.Trained.Count(), gradients.Length);
        foreach ((string tensor, Tensor gradient) in gradients)
        {
            string stored = tensor.Replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector").Replace(".default", "");
            Near.Absolute(gradient, tensors[PeftFolder.ModelPrefix + stored].grad!, 1e-4, tensor);
        }

        if (expected.Find("trainable") is { } count)
        {
            Assert.Equal(count.ToInt64(), adapter.TrainableCount + trainedHead.Sum(entry => entry.Parameter.numel()));
        }

        if (expected.Find("train.losses") is not { } losses)
        {
            return;
        }

        // rsLoRA's scaling makes its runs chaotic: float64 leaves the reference by 4e-2, too. A run is compared for as long as a
        // change of the start by some units of float32's last place does not move the loss by the tolerance.
        Parameter[] trained = [.. trainedHead.Concat(adapter.Trained).Select(entry => entry.Parameter)];
        double[] reference = [.. losses.data<float>().Select(value => (double)value)];
        double[] actual = Losses(0);
        double[] perturbed = Losses(1e-6);
        int determined = Enumerable.Range(0, reference.Length).TakeWhile(step => Math.Abs(perturbed[step] - actual[step]) < 1e-3).Count();
        Assert.InRange(determined, name.EndsWith("rslora", StringComparison.Ordinal) ? 4 : reference.Length, reference.Length);
        Assert.All(Enumerable.Range(0, determined), step => Assert.InRange(actual[step], reference[step] - 1e-3, reference[step] + 1e-3));

        double[] Losses(double perturbation)
        {
            using DisposeScope run = NewDisposeScope();
            Tensor[] start = [.. trained.Select(parameter => parameter.detach().clone())];
            using (no_grad())
            {
                using Generator generator = new(1);
                using Scalar size = perturbation;
                foreach (Parameter parameter in trained)
                {
                    parameter.mul_(ones_like(parameter).Plus(randn(parameter.shape, generator: generator).mul(size)));
                }
            }

            AdamW[] optimizers = [.. trained.Select(parameter => new AdamW(parameter, 0.9, 0.999, 1e-8))];
            var seen = new double[reference.Length];
            for (int step = 0; step < seen.Length; step++)
            {
                Tensor current = Loss();
                seen[step] = current.ToDouble();
                Array.ForEach(trained, parameter => parameter.grad = null);
                current.backward();
                Array.ForEach(optimizers, optimizer => optimizer.Step(5e-3, 0.01));
            }

            Array.ForEach(optimizers, optimizer => optimizer.Dispose());

            using (no_grad())
            {
                foreach ((Parameter parameter, Tensor value) in trained.Zip(start))
                {
                    parameter.copy_(value);
                }
            }

            return seen;
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void WhatIsWrittenBackIsWhatPeftWrote(string name)
    {
        using Loaded loaded = Load(name);
        string reference = SharedData.Require($"reference/peft/{name}");
        JsonObject config = Config(reference);
        Dictionary<string, Parameter> saved = loaded.Head.Where(entry => entry.Key.StartsWith("classifier.", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key, entry => entry.Value);
        PeftAdapters.Save(loaded.Adapter, _folder, saved, (string?)config["base_model_name_or_path"]);

        JsonObject written = Config(_folder);
        Assert.Equal(config.Select(field => field.Key).Order(), written.Select(field => field.Key).Order());
        foreach ((string field, JsonNode? value) in config)
        {
            // A set, which PEFT writes in any order.
            Assert.True(
                field == "total_step" // PEFT's own schedule, which the run that trains gives here
                    ? written[field]!.GetValue<int>() > 0
                    : field == "target_modules"
                    ? value!.AsArray().Select(target => (string)target!).ToHashSet().SetEquals(written[field]!.AsArray().Select(target => (string)target!))
                    : JsonNode.DeepEquals(Number(value), Number(written[field])),
                $"{field} is {written[field]}, and PEFT wrote {value}.");
        }

        using SafetensorsFile expected = SafetensorsFile.Open(Path.Combine(reference, AdapterFolder.WeightsName));
        using SafetensorsFile actual = SafetensorsFile.Open(Path.Combine(_folder, AdapterFolder.WeightsName));
        Assert.Equal(expected.Entries.Keys.Order(), actual.Entries.Keys.Order());
        foreach ((string tensor, SafetensorsEntry entry) in expected.Entries)
        {
            Assert.Equal(entry.Shape, actual.Entries[tensor].Shape);
            Assert.True(expected.Read(tensor).equal(actual.Read(tensor)).all().ToBoolean(), tensor);
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void MergedItComputesTheSame(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Loaded loaded = Load(name);
        loaded.Adapter.Merge();
        Near.Absolute(
            loaded.Expected["logits"],
            loaded.Model.forward(loaded.Expected["input_ids"], loaded.Expected["attention_mask"], loaded.Expected.Find("token_type_ids")),
            1e-5,
            "merged logits");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Loaded Load(string name)
    {
        string folder = SharedData.Require($"reference/peft/{name}");
        SequenceClassifier model = SequenceClassifier.Load(SharedData.Require($"reference/models/{Path.GetDirectoryName(name)}"));
        Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        return new(new ReferenceFile(Path.Combine(folder, "expected.safetensors")), model, PeftAdapters.Load(model, folder, head), head);
    }

    private static JsonObject Config(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, AdapterFolder.ConfigName)))!.AsObject();

    /// <summary>8 and 8.0 are the same to Python's readers.</summary>
    private static JsonNode? Number(JsonNode? value) =>
        value is JsonValue number && number.TryGetValue(out double real) ? JsonValue.Create(real) : value;

    private sealed record Loaded(ReferenceFile Expected, SequenceClassifier Model, Adapter Adapter, Dictionary<string, Parameter> Head) : IDisposable
    {
        public void Dispose()
        {
            Adapter.Dispose();
            Model.Dispose();
            Expected.Dispose();
        }
    }
}
