using Lorta.Training;

namespace Lorta.Tests.Training;

/// <summary>A run that is stopped, and another that goes on from its state, end with the bits of one that never was stopped.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class ResumeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-resume-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string StateFile => Path.Combine(_folder.FullName, "run.safetensors");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(3)]
    public void AfterACrashAtAnyForward(int? saveEvery)
    {
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile, SaveEvery = saveEvery };
        (byte[] parameters, byte[] state, int forwards) = Uninterrupted(options);
        for (int crash = 1; crash <= forwards; crash++)
        {
            File.Delete(StateFile);
            Assert.Throws<SimulatedCrash>(() => RunWithCrash(options, crash));
            using var task = new TinyTask();
            task.TrainerOf(options).Run(Cancellation);
            Assert.Equal(parameters, task.Bytes());
            Assert.Equal(state, File.ReadAllBytes(StateFile));
        }
    }

    [Fact]
    public void AfterCancellationAtAnyForward()
    {
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile };
        (byte[] parameters, byte[] state, int forwards) = Uninterrupted(options);
        for (int cancelAt = 1; cancelAt <= forwards; cancelAt++)
        {
            File.Delete(StateFile);
            using var stopped = new TinyTask();
            using var cancellation = new CancellationTokenSource();
            int forward = 0;
            Trainer trainer = stopped.TrainerOf(options, rows =>
            {
                if (++forward == cancelAt)
                {
                    cancellation.Cancel();
                }

                return stopped.Loss(rows);
            });
            Assert.ThrowsAny<OperationCanceledException>(() => trainer.Run(cancellation.Token));
            Assert.Equal(cancelAt, forward);

            using var task = new TinyTask();
            int left = 0;
            task.TrainerOf(options, rows =>
            {
                left++;
                return task.Loss(rows);
            }).Run(Cancellation);
            Assert.Equal(parameters, task.Bytes());
            Assert.Equal(state, File.ReadAllBytes(StateFile));

            // No whole step is done again: at most the first of a step's two parts.
            Assert.InRange(left, forwards - cancelAt, forwards - cancelAt + 1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AfterCancellationInAnEvaluation(int epoch)
    {
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile };
        (byte[] parameters, byte[] state, int forwards) = Uninterrupted(options);
        File.Delete(StateFile);
        using var stopped = new TinyTask();
        using var cancellation = new CancellationTokenSource();
        int evaluations = 0;
        var trainer = new Trainer(options, stopped.Groups, TinyTask.Order, stopped.Loss)
        {
            Evaluate = token =>
            {
                if (++evaluations == epoch)
                {
                    cancellation.Cancel();
                }

                return stopped.Evaluate(token);
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => trainer.Run(cancellation.Token));

        using var task = new TinyTask();
        int left = 0;
        task.TrainerOf(options, rows =>
        {
            left++;
            return task.Loss(rows);
        }).Run(Cancellation);

        Assert.Equal(forwards - epoch * forwards / 2, left);
        Assert.Equal(parameters, task.Bytes());
        Assert.Equal(state, File.ReadAllBytes(StateFile));
    }

    [Fact]
    public void AfterManyCrashesOfOneRun()
    {
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile, SaveEvery = 1 };
        (byte[] parameters, _, _) = Uninterrupted(options);
        File.Delete(StateFile);
        int crashes = 0;
        while (true)
        {
            using var task = new TinyTask();
            int forward = 0;
            Trainer trainer = task.TrainerOf(options, rows => ++forward == 4 ? throw new SimulatedCrash() : task.Loss(rows));
            try
            {
                trainer.Run(Cancellation);
                Assert.InRange(crashes, 5, 100);
                Assert.Equal(parameters, task.Bytes());
                return;
            }
            catch (SimulatedCrash)
            {
                crashes++;
            }
        }
    }

    [Fact]
    public void AFinishedRunOnlyGivesItsResultAgain()
    {
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile };
        using var first = new TinyTask();
        TrainingResult expected = first.TrainerOf(options).Run(Cancellation);

        using var second = new TinyTask();
        TrainingResult result = second.TrainerOf(options, rows => throw new SimulatedCrash()).Run(Cancellation);

        Assert.Equal(first.Bytes(), second.Bytes());
        Assert.Equal(expected.Best!.Epoch, result.Best!.Epoch);
        Assert.Equal(expected.Epochs.Select(e => (e.Loss, e.Metrics["accuracy"])), result.Epochs.Select(e => (e.Loss, e.Metrics["accuracy"])));
    }

    [Fact]
    public void OtherSettingsAreRefusedByName()
    {
        TrainingOptions options = TinyTask.Options with
        {
            StateFile = StateFile,
            Epochs = 1,
            Settings = new Dictionary<string, string> { ["task"] = "CoLA" },
        };
        using var task = new TinyTask();
        task.TrainerOf(options).Run(Cancellation);
        byte[] parameters = task.Bytes();
        byte[] state = File.ReadAllBytes(StateFile);

        Refuses("seed is 11, and here it is 12", options with { Seed = 12 });
        Refuses("number of epochs is 1, and here it is 2", options with { Epochs = 2 });
        Refuses("warm-up ratio is 0.2, and here it is 0.3", options with { Schedule = options.Schedule with { WarmupRatio = 0.3 } });
        Refuses("micro-batch size is 3, and here it is none", options with { MicroBatchSize = null });
        Refuses("best metric is the highest accuracy, and here it is the lowest accuracy", options with { LowerIsBetter = true });
        Refuses("task is CoLA, and here it is MRPC", options with { Settings = new Dictionary<string, string> { ["task"] = "MRPC" } });
        Refuses("task is CoLA, and here it is not set", options with { Settings = new Dictionary<string, string>() });

        Refuses("order of batches is 22 rows bucketed", options, BatchOrder.Shuffled(TinyTask.Rows, 5));
        ParameterGroup[] groups = [.. task.Groups];
        RefusesGroups("learning rate of head is 0.05, and here it is 0.06", [groups[0] with { LearningRate = 0.06 }, .. groups[1..]]);
        RefusesGroups("weight decay of head is 0.1, and here it is 0", [groups[0] with { WeightDecay = 0 }, .. groups[1..]]);
        RefusesGroups("learning rate of adapter is 0.02, and here it is not set", groups[..2]);
        RefusesGroups(
            "list of parameters of adapter is 2 tensors of 36 numbers",
            [.. groups[..2], groups[2] with { Parameters = [groups[2].Parameters[0]] }]);

        // Where and how often the state is written, and what is reported, changes no number.
        task.TrainerOf(options with { SaveEvery = 2, ReportEvery = 5 }).Run(Cancellation);
        Assert.Equal(state, File.ReadAllBytes(StateFile));

        void Refuses(string part, TrainingOptions other, BatchOrder? order = null) =>
            RefusesRun(part, new Trainer(other, task.Groups, order ?? TinyTask.Order, task.Loss) { Evaluate = task.Evaluate });

        void RefusesGroups(string part, IReadOnlyList<ParameterGroup> other) =>
            RefusesRun(part, new Trainer(options, other, TinyTask.Order, task.Loss) { Evaluate = task.Evaluate });

        void RefusesRun(string part, Trainer trainer)
        {
            TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run(Cancellation));
            Assert.StartsWith(StateFile, error.Message);
            Assert.Contains(part, error.Message);
            Assert.Equal(parameters, task.Bytes());
            Assert.Equal(state, File.ReadAllBytes(StateFile));
        }
    }

    [Fact]
    public void AForeignFileIsRefused()
    {
        using var task = new TinyTask();
        TrainingOptions options = TinyTask.Options with { Epochs = 2, StateFile = StateFile };
        File.WriteAllBytes(StateFile, task.Bytes());

        TrainingException error = Assert.Throws<TrainingException>(() => task.TrainerOf(options).Run(Cancellation));

        Assert.Equal($"{StateFile} is not the state of a training run: name another state file.", error.Message);
    }

    private static (byte[] Parameters, byte[] State, int Forwards) Uninterrupted(TrainingOptions options)
    {
        using var task = new TinyTask();
        int forwards = 0;
        task.TrainerOf(options, rows =>
        {
            forwards++;
            return task.Loss(rows);
        }).Run(Cancellation);
        return (task.Bytes(), File.ReadAllBytes(options.StateFile!), forwards);
    }

    private static void RunWithCrash(TrainingOptions options, int crashAt)
    {
        using var task = new TinyTask();
        int forward = 0;
        task.TrainerOf(options, rows => ++forward == crashAt ? throw new SimulatedCrash() : task.Loss(rows)).Run(Cancellation);
    }

    private sealed class SimulatedCrash : Exception;
}
