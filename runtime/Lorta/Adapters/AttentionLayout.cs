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
