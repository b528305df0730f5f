namespace Lorta.Generators.Models;

/// <summary>What the attribute on a class says.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Alpha">The numerator of the scaling.</param>
/// <param name="Modes">The modes.</param>
/// <param name="ReferenceOrientation">Whether heads index the input of all four matrices.</param>
/// <param name="RankStabilized">Whether the scaling divides by the rank's square root.</param>
/// <param name="Dropout">The dropout probability.</param>
/// <param name="Targets">The matrices that get an update.</param>
internal sealed record AdapterSettings(
    int Rank, double Alpha, Modes Modes, bool ReferenceOrientation, bool RankStabilized, double Dropout, Matrices Targets);
