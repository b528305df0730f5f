namespace Lorta.Training;

/// <summary>Independent seeds from one: the same seed and path always give the same number, so that nothing has to be kept.</summary>
internal static class SeedSequence
{
    /// <summary>A number in [0, 2^63) that <paramref name="seed"/> and <paramref name="path"/> fix.</summary>
    public static long Derive(long seed, params ReadOnlySpan<long> path)
    {
        ulong mixed = Mix((ulong)seed);
        foreach (long part in path)
        {
            mixed = Mix(mixed ^ (ulong)part);
        }

        return (long)(mixed >> 1);
    }

    // One output of SplitMix64 (Steele, Lea, Flood 2014): neighbouring inputs give unrelated outputs.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
