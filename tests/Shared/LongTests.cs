namespace Lorta.Tests;

/// <summary>Tests that train for minutes run only where they are asked for.</summary>
internal static class LongTests
{
    private const string Variable = "LORTA_LONG_TESTS";

    /// <summary>Skips the test unless it is asked for.</summary>
    public static void Require() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) == "1", $"Trains for minutes: set {Variable}=1 to run it.");
}
