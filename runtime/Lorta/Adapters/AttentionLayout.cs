namespace Lorta.Adapters;

/// <summary>The sizes of a model's attention.</summary>
/// <param name="Layers">Number of layers, L.</param>
/// <param name="Heads">Number of query heads, H.</param>
/// <param name="KeyValueHeads">Number of key and value heads; equals <paramref name="Heads"/> without grouped queries.</param>
/// <param name="HeadWidth">Rows of one head: d/H in most models.</param>
/// <param name="Width">The model's width, d.</param>
public sealed record AttentionLayout(int Layers, int Heads, int KeyValueHeads, int HeadWidth, int Width)
{
    /// <summary>Rows that the heads of a matrix make together: query heads for Q and P, key/value heads for K and V.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <returns>Heads times head width.</returns>
    public int HeadRows(AttentionMatrix matrix) =>
        HeadWidth * (matrix is AttentionMatrix.Key or AttentionMatrix.Value ? KeyValueHeads : Heads);
}
