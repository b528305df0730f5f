using System.Text.Json;
using Lorta.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Models;

/// <summary>BERT and RoBERTa against what the Hugging Face library computes.</summary>
public sealed class ReferenceModelTests
{
    [Fact]
    public void HiddenStatesLogitsLossAndGradientsAgree()
    {
        string[] folders = [.. Directory.GetDirectories(SharedData.Require("reference/models")).Where(IsSupported).Order()];
        Assert.NotEmpty(folders);
        foreach (string folder in folders)
        {
            using DisposeScope scope = NewDisposeScope();
            using var expected = new ReferenceFile(Path.Combine(folder, "expected.safetensors"));
            using SequenceClassifier model = SequenceClassifier.Load(folder);
            string name = Path.GetFileName(folder);
            (Tensor ids, Tensor mask, Tensor? types) = (expected["input_ids"], expected["attention_mask"], expected.Find("token_type_ids"));
            IReadOnlyList<Tensor> states = model.Encoder.HiddenStates(ids, mask, types);
            Tensor real = mask.unsqueeze(-1); // hidden states at padding are of no consequence
            for (int layer = 0; layer < states.Count; layer++)
            {
                Near.Absolute(expected[$"hidden_states.{layer}"] * real, states[layer] * real, 1e-5, $"{name}: hidden state {layer}");
            }

            Tensor logits = model.forward(ids, mask, types);
            Near.Absolute(expected["logits"], logits, 1e-5, $"{name}: logits");
            Tensor labels = expected["labels"];
            Tensor loss = model.LabelCount == 1
                ? functional.mse_loss(logits.squeeze(-1), labels.to(ScalarType.Float32))
                : functional.cross_entropy(logits, labels);
            Near.Absolute(expected["loss"].reshape([]), loss, 1e-5, $"{name}: loss");
            loss.backward();
            Dictionary<string, Parameter> parameters = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter);
            foreach ((string head, Parameter parameter) in model.HeadParameters())
            {
                parameters[head] = parameter;
            }

            (string Name, Tensor Gradient)[] gradients = [.. expected.Under("grad.")];

            // Softmax does not see the keys' bias, so its gradient is nothing but the rounding of the others.
            double rounding = 1e-7 * gradients.Max(entry => Largest(entry.Gradient));
            foreach ((string parameter, Tensor gradient) in gradients)
            {
                double tolerance = Math.Max(rounding, 1e-4 * Largest(gradient));
                Near.Absolute(gradient, parameters[parameter].grad!, tolerance, $"{name}: gradient of {parameter}");
            }
        }
    }

    [Fact]
    public void MiniLmGivesItsEmbeddings()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using var expected = new ReferenceFile(SharedData.Require("reference/minilm/expected.safetensors"));
        using var model = (BertForSequenceClassification)SequenceClassifier.Load(SharedData.Require("models/all-MiniLM-L6-v2"));
        (Tensor ids, Tensor mask) = (expected["input_ids"], expected["attention_mask"]);
        Tensor hidden = model.Encoder.forward(ids, mask, null);
        Tensor weights = mask.unsqueeze(-1).to(ScalarType.Float32);
        Tensor mean = (hidden * weights).sum(1) / weights.sum(1);
        Near.Absolute(expected["embeddings"], functional.normalize(mean), 1e-5, "embeddings");
        Near.Absolute(expected["pooler_output"], model.Pooler.forward(hidden), 1e-5, "pooler_output");
    }

    [Fact]
    public void PaddingChangesNothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using SequenceClassifier model = SequenceClassifier.Load(SharedData.Require("reference/models/roberta-tiny"));
        Tensor ids = tensor(new long[,] { { 0, 7, 9, 2 } });
        Tensor padded = tensor(new long[,] { { 0, 7, 9, 2, model.Config.PadId, model.Config.PadId } });
        Tensor mask = padded.ne(model.Config.PadId);
        Near.Absolute(model.forward(ids, null, null), model.forward(padded, mask, null), 1e-6, "logits");
    }

    private static double Largest(Tensor tensor) => tensor.abs().max().ToDouble();

    private static bool IsSupported(string folder)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        return config.RootElement.GetProperty("model_type").GetString() is "bert" or "roberta";
    }
}
