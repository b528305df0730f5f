namespace Lorta;

/// <summary>Marks a member that is a projection, where its name is unusual.</summary>
/// <param name="matrices">
/// The matrix it is; or several, where one linear layer holds them as blocks of rows, in their order, or the member is a list of
/// projections, one for each.
/// </param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class LortaMatrixAttribute(params AttentionMatrix[] matrices) : Attribute
{
    /// <summary>The matrices that the member holds, in the order of their row blocks, or of the list.</summary>
    public IReadOnlyList<AttentionMatrix> Matrices { get; } = matrices;
}
