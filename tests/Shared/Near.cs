using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests;

/// <summary>Assertions on tensors.</summary>
internal static class Near
{
    /// <summary>Every element differs by at most <paramref name="tolerance"/>.</summary>
    public static void Absolute(Tensor expected, Tensor actual, double tolerance, string what) =>
        Check(expected, actual, tolerance, what);

    /// <summary>Every element differs by at most <paramref name="tolerance"/> times the largest element expected.</summary>
    public static void Relative(Tensor expected, Tensor actual, double tolerance, string what) =>
        Check(expected, actual, tolerance * expected.abs().max().ToDouble(), what);

    private static void Check(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        double difference = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().ToDouble();
        Assert.True(difference <= tolerance, $"{what} differs by {difference:e2}, more than {tolerance:e2}.");
    }
}
