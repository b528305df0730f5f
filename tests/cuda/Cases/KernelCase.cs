namespace Lorta.Tests.Cuda;

/// <summary>Which side of the update is the product of C_H and B.</summary>
public enum HeadSide
{
    None,
    Input,
    Output,
}

/// <summary>A call of projections: sizes, and how its batch lies in memory.</summary>
/// <param name="Side">The side of the heads.</param>
/// <param name="Rows">Rows of the batch.</param>
/// <param name="Input">The input's width; where heads index it, heads * HeadWidth.</param>
/// <param name="HeadWidth">The rows of B where heads are a mode.</param>
/// <param name="Outputs">The width of each projection's output; where heads index it, a multiple of HeadWidth.</param>
public sealed record KernelCase(HeadSide Side, int Rows, int Input, int HeadWidth, params int[] Outputs)
{
    /// <summary>How many adapters the rows use, mixed, some of them none; 1 for all rows alike.</summary>
    public int Adapters { get; init; } = 1;

    /// <summary>Whether rows are picked out of a padded batch by a map, with some of them left out.</summary>
    public bool IsRagged { get; init; }

    /// <summary>Numbers between the rows of activations, which then begin at any address.</summary>
    public int Gap { get; init; }

    public int WidestOutput => Outputs.Max();

    public override string ToString() =>
        $"{Side} {Rows}x{Input} -> {string.Join(',', Outputs)}, {Adapters} adapters{(IsRagged ? ", ragged" : "")}, gap {Gap}";
}
