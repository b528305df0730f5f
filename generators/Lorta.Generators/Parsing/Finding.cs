using System.Collections.Generic;

namespace Lorta.Generators.Parsing;

/// <summary>What a finder answers: found, absent, or ambiguous.</summary>
/// <param name="Candidates">What it could be.</param>
internal sealed record Finding<T>(IReadOnlyList<T> Candidates)
    where T : class
{
    /// <summary>What was found, or null.</summary>
    public T? Found => Candidates.Count == 1 ? Candidates[0] : null;

    public bool IsAbsent => Candidates.Count == 0;

    public bool IsAmbiguous => Candidates.Count > 1;

    public static Finding<T> Among(IEnumerable<T> candidates) => new([.. candidates]);
}
