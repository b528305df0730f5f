using Lorta.Training;

namespace Lorta.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void LinearRisesToOneAndFallsOnALine()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Linear, 0.2);

        double[] factors = [.. Enumerable.Range(0, 10).Select(step => schedule.Factor(step, 10))];

        double[] expected = [1 / 2.0, 1, 1, 7 / 8.0, 6 / 8.0, 5 / 8.0, 4 / 8.0, 3 / 8.0, 2 / 8.0, 1 / 8.0];
        Assert.Equal(expected, factors, Near);
    }

    [Fact]
    public void CosineRisesToOneAndFallsOnHalfAWave()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Cosine, 0.2);

        double[] factors = [.. Enumerable.Range(0, 10).Select(step => schedule.Factor(step, 10))];

        double[] wave = [.. Enumerable.Range(0, 8).Select(step => (1 + Math.Cos(Math.PI * step / 8)) / 2)];
        Assert.Equal([0.5, 1, .. wave], factors, Near);
    }

    [Fact]
    public void ConstantStaysAtOneAfterTheWarmUp()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Constant, 0.5);

        Assert.Equal([0.5, 1, 1, 1], Enumerable.Range(0, 4).Select(step => schedule.Factor(step, 4)), Near);
    }

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.06, 1)]
    [InlineData(1.0, 3)]
    public void NeverLeavesZeroToOneAtTheEdges(double warmup, int steps)
    {
        foreach (ScheduleShape shape in Enum.GetValues<ScheduleShape>())
        {
            var schedule = new LearningRateSchedule(shape, warmup);
            Assert.All(Enumerable.Range(0, steps), step => Assert.InRange(schedule.Factor(step, steps), 1e-9, 1));
        }
    }

    [Fact]
    public void RefusesAStepBeyondTheRun()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Linear, 0.1);

        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.Factor(10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.Factor(-1, 10));
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-15;
}
