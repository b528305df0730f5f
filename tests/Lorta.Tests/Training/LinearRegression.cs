using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Training;

/// <summary>y = w x + b with squared error in float64, whose gradients can be written down: 2 (w x + b - y) x and 2 (w x + b - y).</summary>
internal sealed class LinearRegression : IDisposable
{
    public const int Rows = 12;
    public const int Width = 3;

    private readonly Tensor _x;
    private readonly Tensor _y;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    public LinearRegression()
    {
        var random = new Random(5);
        X = [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Range(0, Width).Select(_ => random.NextDouble() * 2 - 1).ToArray())];
        Y = [.. X.Select(x => 3 * x[0] - 2 * x[1] + x[2] + 0.5)];
        _x = tensor([.. X.SelectMany(x => x)], ScalarType.Float64).reshape(Rows, Width);
        _y = tensor(Y, ScalarType.Float64);
        _weight = new Parameter(tensor(StartWeight, ScalarType.Float64));
        _bias = new Parameter(tensor(new[] { StartBias }, ScalarType.Float64));
    }

    public static double[] StartWeight => [0.3, 0.2, -0.1];

    public static double StartBias => 0.05;

    public double[][] X { get; }

    public double[] Y { get; }

    public double[] Weight => [.. _weight.detach().data<double>()];

    public double Bias => _bias.detach().data<double>()[0];

    public double[] Gradient => [.. _weight.grad!.data<double>(), .. _bias.grad!.data<double>()];

    public IReadOnlyList<ParameterGroup> Groups(double weightRate, double weightDecay, double biasRate) =>
        [new("weights", [("weight", _weight)], weightRate, weightDecay), new("biases", [("bias", _bias)], biasRate)];

    public Tensor Loss(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor index = tensor([.. rows.Select(row => (long)row)]);
        Tensor error = _x.index_select(0, index).mv(_weight) - (_y.index_select(0, index) - _bias);
        return (error * error).mean().MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _x.Dispose();
        _y.Dispose();
        _weight.Dispose();
        _bias.Dispose();
    }
}
