namespace Lorta.Adapters;

/// <summary>How the factors of a LoRTA adapter start. B is zero in either, or A where B is frozen, so that the first forward is the base's.</summary>
public enum LortaStart
{
    /// <summary>
    /// A keeps the variance of what it multiplies: uniform with standard deviation 1/sqrt(d). C_H, C_L and C_M are uniform with one
    /// standard deviation, by which the update after the first steps has one size whatever the rank, the modes, the heads and the
    /// layers: their product's, times scaling/alpha and sqrt(r), is 1/(16 sqrt(2)).
    /// </summary>
    Balanced,

    /// <summary>
    /// The paper's: Kaiming-uniform with fan-in r, for A with a = sqrt(5), which is uniform within 1/sqrt(r), for C_H, C_L and C_M
    /// with a = 0, which is uniform within sqrt(6/r). The update's size at the first steps falls as r grows.
    /// </summary>
    Paper,
}
