using Glue.Output;
using Lorta;
using Lorta.Adapters;

namespace Glue.Reproduction;

/// <summary>How many numbers a rank costs.</summary>
/// <param name="Rank">The rank of each tensor.</param>
/// <param name="Formula">The numbers, by the paper's formula.</param>
/// <param name="Attached">The numbers of an adapter that was attached.</param>
/// <param name="Saving">What that saves of LoRA's numbers, as a share.</param>
internal sealed record RankCost(int Rank, long Formula, long Attached, double Saving);

/// <summary>A row: a choice of modes.</summary>
/// <param name="Modes">The modes.</param>
/// <param name="Tensors">How many tensors there are: one for each layer and each matrix that are no modes.</param>
/// <param name="SameRank">The cost where each tensor has LoRA's rank.</param>
/// <param name="SameTotalRank">The cost where the tensors' ranks add up to what LoRA's matrices add up to; null where such a tensor would have a rank above the model's width.</param>
internal sealed record Table2Row(string Modes, int Tensors, RankCost SameRank, RankCost? SameTotalRank);

/// <summary>The paper's Table 2: what each choice of modes saves of the numbers that LoRA trains.</summary>
/// <param name="Layout">The sizes of the model's attention.</param>
/// <param name="Rank">LoRA's rank.</param>
/// <param name="Lora">LoRA's numbers on all four matrices: 8 d L r.</param>
/// <param name="Rows">The modes.</param>
internal sealed record Table2(AttentionLayout Layout, int Rank, RankCost Lora, IReadOnlyList<Table2Row> Rows)
{
    private const int Matrices = 4;

    /// <summary>Counts for a model with as many key and value heads as query heads, by formula and by attaching.</summary>
    /// <exception cref="ArgumentException">The rank is out of range.</exception>
    public static Table2 Of(IAdaptable model, int rank)
    {
        AttentionLayout layout = model.Sites.Layout;
        long lora = 2L * layout.Width * Matrices * layout.Layers * rank;
        return new(
            layout,
            rank,
            new(rank, lora, Attached(new Lora { Rank = rank }), 0),
            [.. Enumerable.Range(0, (int)LortaModes.All + 1).Select(modes => Row((LortaModes)modes))]);

        Table2Row Row(LortaModes modes)
        {
            int tensors = (modes.HasFlag(LortaModes.Layers) ? 1 : layout.Layers) * (modes.HasFlag(LortaModes.Qkvp) ? 1 : Matrices);
            int total = Matrices * layout.Layers / tensors * rank;
            return new(modes == LortaModes.None ? "none" : LortaModesText.Format(modes), tensors, Cost(rank), total <= layout.Width ? Cost(total) : null);

            RankCost Cost(int each)
            {
                long formula = (long)each * tensors * OfOneRank(layout, modes);
                return new(each, formula, Attached(new LortaOptions { Rank = each, Modes = modes }), 1 - ((double)formula / lora));
            }
        }

        long Attached(AdapterMethod method)
        {
            using Adapter adapter = method.Attach(model, "counted");
            return adapter.TrainableCount;
        }
    }

    /// <summary>Prints it.</summary>
    public void Print() => ResultTable.Print(
        ["modes", "tensors", "rank", "numbers", "attached", "saved", "same total rank", "numbers", "attached", "saved"],
        Rows.Select(row => new[] { row.Modes, $"{row.Tensors}" }.Concat(Cells(row.SameRank)).Concat(Cells(row.SameTotalRank)).ToArray())
            .Prepend(["LoRA", "", .. Cells(Lora), "", "", "", ""]));

    /// <summary>What one rank of one tensor costs: a row of each of its factors.</summary>
    private static long OfOneRank(AttentionLayout layout, LortaModes modes) =>
        layout.Width
        + (modes.HasFlag(LortaModes.Heads) ? (layout.Width / layout.Heads) + layout.Heads : layout.Width)
        + (modes.HasFlag(LortaModes.Layers) ? layout.Layers : 0)
        + (modes.HasFlag(LortaModes.Qkvp) ? Matrices : 0);

    private static string[] Cells(RankCost? cost) =>
        cost is null ? ["", "", "", ""] : [$"{cost.Rank}", $"{cost.Formula:N0}", $"{cost.Attached:N0}", $"{100 * cost.Saving:F2} %"];
}
