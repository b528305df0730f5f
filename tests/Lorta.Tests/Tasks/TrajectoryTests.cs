using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Text;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Tasks;

/// <summary>Two hundred steps of LoRTA on a real encoder and real data, from a given start over given batches.</summary>
public sealed class TrajectoryTests
{
    private static readonly Dictionary<string, LortaFactor> Factors = new()
    {
        ["A"] = LortaFactor.A,
        ["B"] = LortaFactor.B,
        ["C_H"] = LortaFactor.Head,
        ["C_L"] = LortaFactor.Layer,
        ["C_M"] = LortaFactor.Matrix,
    };

    public static TheoryData<string> Tasks =>
        [.. Directory.GetFiles(SharedData.Require("reference/trajectory"), "*.safetensors").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void LossesAndFactorsAreTheReferences(string task)
    {
        using DisposeScope scope = NewDisposeScope();
        using var expected = new ReferenceFile(SharedData.Require($"reference/trajectory/{task}.safetensors"));
        int maxLength = int.Parse(expected.Metadata["max_length"]);
        var options = new LortaOptions { Rank = int.Parse(expected.Metadata["rank"]), Alpha = double.Parse(expected.Metadata["alpha"]) };
        using TextClassifier classifier = TextClassifier.Create(
            SharedData.Require("models/all-MiniLM-L6-v2"), TaskLabels.Classes(["0", "1"]), options, maxLength);
        var adapter = (LortaAdapter)classifier.Adapter;
        Dictionary<string, Parameter> head = classifier.Model.HeadParameters().ToDictionary(entry => HeadName(entry.Name), entry => entry.Parameter);
        using (no_grad())
        {
            foreach ((string name, Tensor start) in expected.Under("start."))
            {
                (Factors.TryGetValue(name, out LortaFactor factor) ? adapter.Factor(factor) : head[name]).copy_(start);
            }
        }

        (TokenizedText Row, long Label)[] rows = [.. ReadTask(task).Select(row => (classifier.Encode(new TextInput(row.Text)), row.Label))];
        Tensor batches = expected["batches"]; // [steps, batch]
        double[] losses = [.. expected["losses"].data<float>().Select(loss => (double)loss)];
        var seen = new List<double>();
        var trainer = new Trainer(
            new TrainingOptions { Schedule = new LearningRateSchedule(ScheduleShape.Linear, 0.06) },
            [new ParameterGroup("head", [.. head.Select(entry => (entry.Key, entry.Value))], 1e-3), new ParameterGroup("adapter", [.. adapter.Trained], 1e-2)],
            BatchOrder.Fixed([.. Enumerable.Range(0, losses.Length).Select(step => batches[step].data<long>().Select(row => (int)row).ToArray())]),
            indices =>
            {
                using TokenBatch batch = TokenBatch.Collate([.. indices.Select(index => rows[index].Row)], classifier.Tokenizer.PadId);
                Tensor loss = functional.cross_entropy(classifier.Logits(batch), tensor([.. indices.Select(index => rows[index].Label)]));
                seen.Add(loss.ToDouble());
                return loss;
            });
        trainer.Run(TestContext.Current.CancellationToken);

        Assert.All(losses.Zip(seen), pair => Assert.InRange(pair.Second, pair.First - 1e-4, pair.First + 1e-4));
        foreach ((string name, LortaFactor factor) in Factors)
        {
            Near.Absolute(expected[$"end.{name}"], adapter.Factor(factor), 1e-3, name);
        }

        foreach ((string name, Parameter parameter) in head)
        {
            Near.Absolute(expected[$"end.{name}"], parameter, 1e-3, name);
        }
    }

    private static string HeadName(string name) => name.Replace("bert.", "").Replace(".dense", "");

    private static IEnumerable<(string Text, long Label)> ReadTask(string task)
    {
        IEnumerable<string[]> lines = File.ReadLines(SharedData.Require($"glue/{task}/train.tsv")).Select(line => line.Split('\t'));
        return task switch
        {
            "CoLA" => lines.Select(columns => (columns[3], long.Parse(columns[1]))),
            "SST-2" => lines.Skip(1).Select(columns => (columns[0], long.Parse(columns[1]))),
            _ => throw new ArgumentException($"The test does not read {task}."),
        };
    }
}
