using Lorta.Checkpoints;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Training;

/// <summary>A small network with dropout on made-up rows, the same in every process: something to train in milliseconds.</summary>
internal sealed class TinyTask : IDisposable
{
    public const int Rows = 22;

    private readonly int _threads = get_num_threads();
    private readonly Tensor _inputs;
    private readonly Tensor _labels;
    private readonly Linear _hidden;
    private readonly Linear _output;

    public TinyTask()
    {
        // There is nothing here to share out, and on a busy machine threads spend their time waiting for each other.
        set_num_threads(1);
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(7, CPU);
        using Scalar zero = 0;
        using Scalar scale = 0.3;
        _inputs = randn([Rows, 5], generator: generator).DetachFromDisposeScope();
        _labels = _inputs.sum(1).gt(zero).to(ScalarType.Int64).DetachFromDisposeScope();
        _hidden = nn.Linear(5, 6);
        _output = nn.Linear(6, 2);
        using IDisposable _ = no_grad();
        foreach (Parameter parameter in Parameters.Select(p => p.Parameter))
        {
            parameter.copy_(randn(parameter.shape, generator: generator).mul_(scale));
            parameter.DetachFromDisposeScope();
        }
    }

    public IReadOnlyList<ParameterGroup> Groups =>
    [
        new("head", [("output.weight", _output.weight)], 0.05, 0.1),
        new("head biases", [("output.bias", _output.bias!)], 0.05),
        new("adapter", [("hidden.weight", _hidden.weight), ("hidden.bias", _hidden.bias!)], 0.02),
    ];

    public static TrainingOptions Options => new()
    {
        Epochs = 3,
        Schedule = new LearningRateSchedule(ScheduleShape.Cosine, 0.2),
        MaxGradientNorm = 0.5,
        MicroBatchSize = 3,
        Seed = 11,
        BestMetric = "accuracy",
    };

    public static BatchOrder Order => BatchOrder.Bucketed([.. Enumerable.Range(0, Rows).Select(row => row * 7 % 11)], 5);

    private IEnumerable<(string Name, Parameter Parameter)> Parameters => Groups.SelectMany(g => g.Parameters);

    public Tensor Loss(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor index = tensor([.. rows.Select(row => (long)row)]);
        Tensor logits = Logits(_inputs.index_select(0, index), isTraining: true);
        return nn.functional.cross_entropy(logits, _labels.index_select(0, index)).MoveToOuterDisposeScope();
    }

    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using DisposeScope scope = NewDisposeScope();
        int[] predicted = [.. Logits(_inputs, isTraining: false).argmax(1).data<long>().Select(c => (int)c)];
        return new Dictionary<string, double>
        {
            ["accuracy"] = Metrics.Accuracy(predicted, [.. _labels.data<long>().Select(c => (int)c)]),
        };
    }

    /// <summary>A trainer of this task; <paramref name="loss"/> instead of its own loss where given.</summary>
    public Trainer TrainerOf(TrainingOptions options, Func<IReadOnlyList<int>, Tensor>? loss = null) =>
        new(options, Groups, Order, loss ?? Loss) { Evaluate = Evaluate };

    /// <summary>The parameters as the bytes of a file.</summary>
    public byte[] Bytes()
    {
        string path = Path.GetTempFileName();
        try
        {
            using DisposeScope scope = NewDisposeScope();
            SafetensorsFile.Write(path, Parameters.Select(p => KeyValuePair.Create(p.Name, p.Parameter.detach())));
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _labels.Dispose();
        _hidden.Dispose();
        _output.Dispose();
        set_num_threads(_threads);
    }

    private Tensor Logits(Tensor inputs, bool isTraining)
    {
        Tensor hidden = _hidden.forward(inputs).tanh();
        return _output.forward(nn.functional.dropout(hidden, 0.3, isTraining));
    }
}
