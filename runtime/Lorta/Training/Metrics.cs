namespace Lorta.Training;

/// <summary>The scores of the GLUE tasks, over the whole of a data set: predictions beside what was expected.</summary>
/// <remarks>
/// Every method throws <see cref="ArgumentException"/> where the two spans differ in length or are empty.
/// A score that is not defined (a quotient of zeros: a constant prediction, no positive row) is 0.
/// </remarks>
public static class Metrics
{
    /// <summary>The share of rows whose class is right, 0 to 1.</summary>
    public static double Accuracy(ReadOnlySpan<int> predicted, ReadOnlySpan<int> expected)
    {
        RequireSameRows(predicted.Length, expected.Length);
        int right = 0;
        for (int i = 0; i < predicted.Length; i++)
        {
            right += predicted[i] == expected[i] ? 1 : 0;
        }

        return (double)right / predicted.Length;
    }

    /// <summary>F1 of one class, 0 to 1: the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).</summary>
    public static double F1(ReadOnlySpan<int> predicted, ReadOnlySpan<int> expected, int positive = 1)
    {
        RequireSameRows(predicted.Length, expected.Length);
        int both = 0;
        int either = 0;
        for (int i = 0; i < predicted.Length; i++)
        {
            bool isPredicted = predicted[i] == positive;
            bool isExpected = expected[i] == positive;
            both += isPredicted && isExpected ? 1 : 0;
            either += (isPredicted ? 1 : 0) + (isExpected ? 1 : 0);
        }

        return either == 0 ? 0 : 2.0 * both / either;
    }

    /// <summary>
    /// The Matthews correlation, -1 to 1. For more than two classes it is Gorodkin's generalisation R_K
    /// ("Comparing two K-category assignments by a K-category correlation coefficient", 2004, equation 8).
    /// </summary>
    public static double Matthews(ReadOnlySpan<int> predicted, ReadOnlySpan<int> expected)
    {
        RequireSameRows(predicted.Length, expected.Length);
        double rows = predicted.Length;
        double right = 0;
        var predictedCounts = new Dictionary<int, double>();
        var expectedCounts = new Dictionary<int, double>();
        for (int i = 0; i < predicted.Length; i++)
        {
            right += predicted[i] == expected[i] ? 1 : 0;
            predictedCounts[predicted[i]] = predictedCounts.GetValueOrDefault(predicted[i]) + 1;
            expectedCounts[expected[i]] = expectedCounts.GetValueOrDefault(expected[i]) + 1;
        }

        double byChance = predictedCounts.Sum(p => p.Value * expectedCounts.GetValueOrDefault(p.Key));
        double predictedSpread = rows * rows - predictedCounts.Values.Sum(n => n * n);
        double expectedSpread = rows * rows - expectedCounts.Values.Sum(n => n * n);
        return predictedSpread == 0 || expectedSpread == 0
            ? 0
            : (right * rows - byChance) / (Math.Sqrt(predictedSpread) * Math.Sqrt(expectedSpread));
    }

    /// <summary>Pearson's correlation of two series, -1 to 1; NaN where one of them holds a NaN.</summary>
    public static double Pearson(ReadOnlySpan<double> predicted, ReadOnlySpan<double> expected)
    {
        RequireSameRows(predicted.Length, expected.Length);
        if (IsConstant(predicted) || IsConstant(expected))
        {
            return 0;
        }

        double predictedMean = Mean(predicted);
        double expectedMean = Mean(expected);
        double covariance = 0;
        double predictedVariance = 0;
        double expectedVariance = 0;
        for (int i = 0; i < predicted.Length; i++)
        {
            double p = predicted[i] - predictedMean;
            double e = expected[i] - expectedMean;
            covariance += p * e;
            predictedVariance += p * p;
            expectedVariance += e * e;
        }

        return Math.Clamp(covariance / (Math.Sqrt(predictedVariance) * Math.Sqrt(expectedVariance)), -1, 1);
    }

    /// <summary>Spearman's rank correlation, -1 to 1: Pearson's of the ranks, ties by their average rank.</summary>
    public static double Spearman(ReadOnlySpan<double> predicted, ReadOnlySpan<double> expected)
    {
        RequireSameRows(predicted.Length, expected.Length);
        return Pearson(Ranks(predicted), Ranks(expected));
    }

    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        int[] rows = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(sorted, rows);
        var ranks = new double[values.Length];
        for (int first = 0; first < rows.Length;)
        {
            int next = first + 1;
            while (next < rows.Length && sorted[next] == sorted[first])
            {
                next++;
            }

            for (int i = first; i < next; i++)
            {
                ranks[rows[i]] = double.IsNaN(sorted[i]) ? double.NaN : (first + next - 1) / 2.0;
            }

            first = next;
        }

        return ranks;
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    // Of rounded means and sums a constant series would keep a little variance.
    private static bool IsConstant(ReadOnlySpan<double> values) =>
        !double.IsNaN(values[0]) && !values.ContainsAnyExcept(values[0]);

    private static void RequireSameRows(int predicted, int expected)
    {
        if (predicted != expected || predicted == 0)
        {
            throw new ArgumentException(
                $"A metric needs as many predictions as expected values, and at least one: there are {predicted} and {expected}.");
        }
    }
}
