namespace Lorta.Generators.Models;

/// <summary>Where a model's attention is.</summary>
/// <param name="Layers">The way from the model to its list of layers.</param>
/// <param name="LayerType">The type of a layer, as C# text.</param>
/// <param name="Attention">The way from a layer to what holds its query, key and value projections.</param>
/// <param name="Projections">The projections.</param>
/// <param name="Heads">The number of heads, or the width of one.</param>
/// <param name="KeyValueHeads">The number of key and value heads, or null where the class shows none.</param>
/// <param name="Sizes">The model's sizes, or null where the source leaves them open.</param>
internal sealed record AttentionStructure(
    MemberPath Layers,
    string LayerType,
    MemberPath Attention,
    EquatableArray<Projection> Projections,
    HeadSource Heads,
    HeadSource? KeyValueHeads,
    ModelSizes? Sizes)
{
    /// <summary>The matrices that the layers have.</summary>
    public Matrices Matrices
    {
        get
        {
            Matrices found = Matrices.None;
            foreach (Projection projection in Projections)
            {
                foreach (Matrices matrix in projection.Matrices)
                {
                    found |= matrix;
                }
            }

            return found;
        }
    }
}

/// <summary>A projection of a layer.</summary>
/// <param name="Matrices">The matrices it holds, in the order of their rows, or of a list's projections.</param>
/// <param name="IsList">Whether it is a list of projections, one for each matrix.</param>
/// <param name="FromAttention">Whether the path starts at what holds query, key and value, and not at the layer.</param>
/// <param name="Path">The way to the projection.</param>
/// <param name="Holder">The member that holds it, to tell calls on it.</param>
internal sealed record Projection(
    EquatableArray<Matrices> Matrices, bool IsList, bool FromAttention, MemberPath Path, ProjectionHolder Holder);

/// <summary>A member that holds a projection.</summary>
/// <param name="Id">Its identity in every construction of its class.</param>
/// <param name="Receivers">The member's type and its base classes.</param>
/// <param name="IsOutside">Whether a class of another assembly holds it, whose calls are out of reach.</param>
/// <param name="Owner">The class that holds it as in <c>typeof</c>; null where its name can't be used outside it.</param>
internal sealed record ProjectionHolder(string Id, Lineage Receivers, bool IsOutside, string? Owner);

/// <summary>An integer that tells about heads.</summary>
/// <param name="Origin">Where the path starts.</param>
/// <param name="Path">The way to it.</param>
/// <param name="Constant">Its value, where it is a constant.</param>
/// <param name="IsWidth">Whether it is the width of a head, and not the number of heads.</param>
internal sealed record HeadSource(HeadOrigin Origin, MemberPath Path, int? Constant, bool IsWidth);

/// <summary>Where the path to an integer starts.</summary>
internal enum HeadOrigin
{
    /// <summary>At what holds query, key and value.</summary>
    Attention,

    /// <summary>At the layer.</summary>
    Layer,

    /// <summary>At the model.</summary>
    Model,
}
