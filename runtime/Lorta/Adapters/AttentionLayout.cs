using System.Text.Json.Nodes;
using Lorta.Checkpoints;

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

    /// <summary>Measures the attention of a model whose number of heads is known.</summary>
    /// <param name="projections">The model's attention matrices.</param>
    /// <param name="heads">Number of query heads.</param>
    /// <returns>The sizes, read from the weights.</returns>
    /// <exception cref="ArgumentException">There is no matrix, or the heads do not divide its rows.</exception>
    public static AttentionLayout OfHeads(IReadOnlyList<ProjectionSite> projections, int heads)
    {
        int rows = QueryRows(projections);
        return heads > 0 && rows % heads == 0
            ? Measure(projections, heads, rows / heads)
            : throw new ArgumentException($"{heads} heads do not divide the {rows} rows of the query projection.", nameof(heads));
    }

    /// <summary>Measures the attention of a model whose width of a head is known.</summary>
    /// <param name="projections">The model's attention matrices.</param>
    /// <param name="headWidth">Rows of one head.</param>
    /// <returns>The sizes, read from the weights.</returns>
    /// <exception cref="ArgumentException">There is no matrix, or the width does not divide its rows.</exception>
    public static AttentionLayout OfHeadWidth(IReadOnlyList<ProjectionSite> projections, int headWidth)
    {
        int rows = QueryRows(projections);
        return headWidth > 0 && rows % headWidth == 0
            ? Measure(projections, rows / headWidth, headWidth)
            : throw new ArgumentException($"Heads of {headWidth} do not divide the {rows} rows of the query projection.", nameof(headWidth));
    }

    private static AttentionLayout Measure(IReadOnlyList<ProjectionSite> projections, int heads, int headWidth)
    {
        ProjectionSite first = projections[0];
        ProjectionSite? keyOrValue = projections.FirstOrDefault(site => site.Matrix is AttentionMatrix.Key or AttentionMatrix.Value);
        return new(
            projections.Max(site => site.Layer) + 1,
            heads,
            keyOrValue is null ? heads : keyOrValue.Rows / headWidth,
            headWidth,
            first.Matrix == AttentionMatrix.Output ? first.Rows : first.Columns);
    }

    /// <summary>Rows that the query heads make together, from Q, or from P's columns; from K and V where these are all there is.</summary>
    private static int QueryRows(IReadOnlyList<ProjectionSite> projections)
    {
        if (projections.Count == 0)
        {
            throw new ArgumentException("The model has no layers: create them before the first adapter is attached.", nameof(projections));
        }

        return projections.FirstOrDefault(site => site.Matrix == AttentionMatrix.Query) is { } query ? query.Rows
            : projections.FirstOrDefault(site => site.Matrix == AttentionMatrix.Output) is { } output ? output.Columns
            : projections[0].Rows;
    }

    private (string Field, int Size)[] Fields =>
    [
        ("layers", Layers), ("heads", Heads), ("key_value_heads", KeyValueHeads), ("head_width", HeadWidth), ("width", Width),
    ];

    internal JsonObject ToJson() => new(Fields.Select(field => KeyValuePair.Create(field.Field, (JsonNode?)field.Size)));

    /// <exception cref="CheckpointException">A size differs.</exception>
    internal void RequireSame(JsonFile made)
    {
        foreach ((string field, int size) in Fields)
        {
            int stored = made.GetInt32(field);
            if (stored != size)
            {
                throw new CheckpointException(
                    $"{made.FilePath}: the adapter was made for a base with {field} {stored}, and this one has {size}: load it on the base that it was trained on.");
            }
        }
    }
}
