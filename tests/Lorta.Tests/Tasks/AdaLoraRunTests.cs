using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Training;
using TorchSharp;

namespace Lorta.Tests.Tasks;

/// <summary>AdaLoRA has state of its own between steps: which singular values matter.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class AdaLoraRunTests : IDisposable
{
    private static readonly AdaLora Method = new() { Rank = 4, TargetRank = 1, InitialSteps = 1, FinalSteps = 2 };

    private static readonly TextExample[] Rows =
        [.. Enumerable.Range(0, 12).Select(index => new TextExample(new TextInput(index % 2 == 0 ? $"a good day {index}" : $"a bad night {index}"), index % 2))];

    private readonly string _folder = Directory.CreateTempSubdirectory("lorta").FullName;

    [Fact]
    public void ARunThatWasStoppedEndsAsOneThatWasNot()
    {
        using TextClassifier whole = Create();
        Run(whole, Path.Combine(_folder, "whole"), CancellationToken.None, null);

        string state = Path.Combine(_folder, "stopped");
        using var stop = new CancellationTokenSource();
        using (TextClassifier stopped = Create())
        {
            Assert.Throws<OperationCanceledException>(() => Run(stopped, state, stop.Token, stop));
        }

        using TextClassifier resumed = Create();
        Run(resumed, state, CancellationToken.None, null);
        Assert.All(
            whole.Adapter.Trained.Zip(resumed.Adapter.Trained),
            pair => Assert.True(pair.First.Parameter.equal(pair.Second.Parameter).all().ToBoolean(), pair.First.Name));
    }

    [Fact]
    public void ItEndsWithTheBudgetOfTheTargetRank()
    {
        using TextClassifier classifier = Create();
        Run(classifier, Path.Combine(_folder, "state"), CancellationToken.None, null);
        int matrices = classifier.Model.Sites.Projections.Count;
        Assert.Equal(
            Method.TargetRank * matrices,
            classifier.Adapter.Trained.Where(entry => entry.Name.EndsWith('E')).Sum(entry => (int)entry.Parameter.count_nonzero().item<long>()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static TextClassifier Create() => TextClassifier.Create(
        SharedData.Require("reference/models/bert-tiny"), TaskLabels.Classes(["no", "yes"]), Method, seed: 7);

    private static void Run(TextClassifier classifier, string state, CancellationToken cancellation, CancellationTokenSource? stop) =>
        new FineTuning(classifier, new FineTuningOptions { Epochs = 3, BatchSize = 4, StateFile = state }) { Progress = stop is null ? null : new StopAt(5, stop) }
            .Run(Rows, [], cancellation);

    private sealed class StopAt(long step, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step == step)
            {
                stop.Cancel();
            }
        }
    }
}
