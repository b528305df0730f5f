namespace Lorta;

/// <summary>
/// The modes that one update tensor spans beside its two matrix dimensions (LoRTA, section 3.2). What is not a mode
/// gets tensors of its own: without <see cref="Layers"/> one a layer, without <see cref="Qkvp"/> one a matrix,
/// without <see cref="Heads"/> a factor B with a row for every row of the matrix.
/// </summary>
[Flags]
public enum LortaModes
{
    /// <summary>No mode: a separate rank-r update for each matrix of each layer.</summary>
    None = 0,

    /// <summary>Attention heads, by the factor C_H [heads, rank].</summary>
    Heads = 1,

    /// <summary>Layers, by the factor C_L [layers, rank].</summary>
    Layers = 2,

    /// <summary>The matrices Q, K, V and P, by the factor C_M [matrices, rank].</summary>
    Qkvp = 4,

    /// <summary>All three.</summary>
    All = Heads | Layers | Qkvp,
}
