using FsCheck.Xunit;
using Lorta.Training;

namespace Lorta.Tests.Training;

public sealed class MetricsTests
{
    [Fact]
    public void GiveTheValuesComputedByHand()
    {
        int[] predicted = [1, 1, 0, 1, 0, 0, 1];
        int[] expected = [1, 0, 0, 1, 1, 0, 1];

        // 3 true positives, 1 false positive, 1 false negative, 2 true negatives.
        Assert.Equal(5 / 7.0, Metrics.Accuracy(predicted, expected), 15);
        Assert.Equal(6 / 8.0, Metrics.F1(predicted, expected), 15);
        Assert.Equal(4 / 6.0, Metrics.F1(predicted, expected, positive: 0), 15);
        Assert.Equal((3 * 2 - 1 * 1) / Math.Sqrt(4 * 4 * 3 * 3), Metrics.Matthews(predicted, expected), 15);
    }

    [Fact]
    public void MatthewsOfThreeClassesIsGorodkins()
    {
        int[] predicted = [0, 1, 2, 2, 1, 0];
        int[] expected = [0, 1, 2, 1, 1, 2];

        // c = 4, s = 6, predicted classes 2 2 2, expected ones 1 3 2: (4*6 - 12) / sqrt((36 - 12) (36 - 14)).
        Assert.Equal(12 / Math.Sqrt(24 * 22), Metrics.Matthews(predicted, expected), 15);
    }

    [Fact]
    public void CorrelationsGiveTheValuesComputedByHand()
    {
        double[] predicted = [1, 2, 3, 4];
        double[] expected = [1, 3, 2, 8];

        // Deviations -1.5 -0.5 0.5 1.5 and -2.5 -0.5 -1.5 4.5: products sum to 10, squares to 5 and 29.
        Assert.Equal(10 / Math.Sqrt(5 * 29), Metrics.Pearson(predicted, expected), 15);

        // Ranks differ by 0, 1, 1, 0: 1 - 6 * 2 / (4 * 15).
        Assert.Equal(1 - 12 / 60.0, Metrics.Spearman(predicted, expected), 15);
    }

    [Fact]
    public void SpearmanGivesTiesTheirAverageRank()
    {
        double[] predicted = [10, 20, 20, 30];
        double[] ranks = [0, 1.5, 1.5, 3];
        double[] expected = [4, 1, 3, 9];
        double[] expectedRanks = [2, 0, 1, 3];

        Assert.Equal(Metrics.Pearson(ranks, expectedRanks), Metrics.Spearman(predicted, expected), 15);
    }

    [Fact]
    public void AreZeroWhereTheyAreNotDefined()
    {
        Assert.Equal(0, Metrics.F1([0, 0], [0, 0]));
        Assert.Equal(0, Metrics.Matthews([1, 1, 1], [0, 1, 1]));
        Assert.Equal(0, Metrics.Pearson([0.1, 0.1, 0.1], [1, 2, 3]));
        Assert.Equal(0, Metrics.Spearman([1, 2, 3], [0.7, 0.7, 0.7]));
    }

    [Fact]
    public void CorrelationsOfNaNAreNaN()
    {
        Assert.Equal(double.NaN, Metrics.Pearson([1, double.NaN, 3], [1, 2, 3]));
        Assert.Equal(double.NaN, Metrics.Spearman([1, double.NaN, 3], [1, 2, 3]));
        Assert.Equal(double.NaN, Metrics.Pearson([double.NaN, double.NaN], [1, 2]));
    }

    [Fact]
    public void RefuseRowsWithoutPartner()
    {
        Assert.Throws<ArgumentException>(() => Metrics.Accuracy([1, 0], [1]));
        Assert.Throws<ArgumentException>(() => Metrics.Matthews([], []));
        Assert.Throws<ArgumentException>(() => Metrics.Spearman([1], [1, 2]));
    }

    [Property]
    public bool AccuracyAndF1StayWithinZeroAndOneAndMatthewsWithinPlusMinusOne((bool, bool)[] rows)
    {
        if (rows.Length == 0)
        {
            return true;
        }

        int[] predicted = [.. rows.Select(r => r.Item1 ? 1 : 0)];
        int[] expected = [.. rows.Select(r => r.Item2 ? 1 : 0)];
        double matthews = Metrics.Matthews(predicted, expected);
        int[] opposite = [.. predicted.Select(p => 1 - p)];
        return Metrics.Accuracy(predicted, expected) is >= 0 and <= 1
            && Metrics.F1(predicted, expected) is >= 0 and <= 1
            && Math.Abs(matthews) <= 1 + 1e-12
            && Math.Abs(matthews + Metrics.Matthews(opposite, expected)) < 1e-12
            && Math.Abs(matthews - Metrics.Matthews(expected, predicted)) < 1e-12;
    }

    // Of two classes Matthews is Pearson's correlation of the class numbers.
    [Property]
    public bool MatthewsOfTwoClassesIsPearsons((bool, bool)[] rows)
    {
        if (rows.Length == 0)
        {
            return true;
        }

        int[] predicted = [.. rows.Select(r => r.Item1 ? 1 : 0)];
        int[] expected = [.. rows.Select(r => r.Item2 ? 1 : 0)];
        double pearson = Metrics.Pearson([.. predicted.Select(p => (double)p)], [.. expected.Select(e => (double)e)]);
        return Math.Abs(pearson - Metrics.Matthews(predicted, expected)) < 1e-12;
    }

    [Property]
    public bool SpearmanDoesNotSeeAMonotoneMap((short, short)[] rows)
    {
        if (rows.Length == 0)
        {
            return true;
        }

        double[] x = [.. rows.Select(r => r.Item1 / 1000.0)];
        double[] y = [.. rows.Select(r => r.Item2 / 1000.0)];
        double spearman = Metrics.Spearman(x, y);
        return Math.Abs(spearman - Metrics.Spearman([.. x.Select(v => v * v * v + v)], y)) < 1e-12
            && Math.Abs(spearman + Metrics.Spearman([.. x.Select(v => -Math.Exp(v / 10))], y)) < 1e-12
            && Math.Abs(spearman) <= 1;
    }
}
