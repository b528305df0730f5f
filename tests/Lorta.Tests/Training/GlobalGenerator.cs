namespace Lorta.Tests.Training;

/// <summary>Tests that seed torch's global generator, of which the process has one: they run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GlobalGenerator
{
    public const string Name = "torch's global generator";
}
