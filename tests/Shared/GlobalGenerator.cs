namespace Lorta.Tests;

/// <summary>
/// Tests that draw from torch's generator or read the memory in use, of both of which the process has one: they run while no other test does.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GlobalGenerator
{
    public const string Name = "torch's global generator";
}
