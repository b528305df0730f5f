using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>One attention matrix of one layer: a linear projection, or a block of its rows where it holds several matrices.</summary>
public sealed class ProjectionSite
{
    /// <summary>A matrix that is the whole of its projection's weight.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    /// <param name="matrix">Which of the four it is.</param>
    /// <param name="projection">A linear layer, or a module with a parameter <c>weight</c> [out, in].</param>
    /// <param name="route">How its calls are reached.</param>
    public ProjectionSite(
        int layer, AttentionMatrix matrix, nn.Module<Tensor, Tensor> projection, ProjectionRoute route = ProjectionRoute.Interceptor)
        : this(layer, matrix, projection, 0, -1, route)
    {
    }

    /// <summary>A matrix that is a block of rows of its projection's weight.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    /// <param name="matrix">Which of the four it is.</param>
    /// <param name="projection">The module whose weight holds the block.</param>
    /// <param name="firstRow">The block's first row.</param>
    /// <param name="rows">The number of its rows; -1 for all that follow.</param>
    /// <param name="route">How its calls are reached.</param>
    public ProjectionSite(
        int layer,
        AttentionMatrix matrix,
        nn.Module<Tensor, Tensor> projection,
        int firstRow,
        int rows,
        ProjectionRoute route = ProjectionRoute.Interceptor)
    {
        Route = route;
        Layer = layer;
        Matrix = matrix;
        Projection = projection;
        FirstRow = firstRow;
        long all = Whole.size(0);
        Rows = rows < 0 ? (int)all - firstRow : rows;
        if (firstRow < 0 || Rows < 1 || firstRow + Rows > all)
        {
            throw new ArgumentException(
                $"The {matrix} block of layer {layer} wants rows {firstRow} to {firstRow + Rows}, but the weight has {all}.", nameof(rows));
        }
    }

    /// <summary>The matrices of a projection that holds several, one below the other.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    /// <param name="projection">The module whose weight holds them.</param>
    /// <param name="route">How its calls are reached.</param>
    /// <param name="heads">Number of query heads.</param>
    /// <param name="keyValueHeads">Number of key and value heads.</param>
    /// <param name="matrices">The matrices in the order of their rows.</param>
    /// <returns>A site for each matrix.</returns>
    /// <exception cref="ArgumentException">The heads do not divide the rows.</exception>
    public static IReadOnlyList<ProjectionSite> Blocks(
        int layer,
        nn.Module<Tensor, Tensor> projection,
        ProjectionRoute route,
        int heads,
        int keyValueHeads,
        params ReadOnlySpan<AttentionMatrix> matrices)
    {
        int all = new ProjectionSite(layer, matrices[0], projection).Rows;
        int sum = 0;
        foreach (AttentionMatrix matrix in matrices)
        {
            sum += Heads(matrix);
        }

        if (sum < 1 || all % sum != 0)
        {
            throw new ArgumentException(
                $"The {all} rows of the fused projection of layer {layer} are no blocks of {heads} query heads and {keyValueHeads} key and value heads.",
                nameof(projection));
        }

        var sites = new List<ProjectionSite>();
        int first = 0;
        foreach (AttentionMatrix matrix in matrices)
        {
            int rows = all / sum * Heads(matrix);
            sites.Add(new(layer, matrix, projection, first, rows, route));
            first += rows;
        }

        return sites;

        int Heads(AttentionMatrix matrix) => matrix is AttentionMatrix.Key or AttentionMatrix.Value ? keyValueHeads : heads;
    }

    /// <summary>The matrices of a list of projections.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    /// <param name="projections">The list.</param>
    /// <param name="route">How the projections' calls are reached.</param>
    /// <param name="matrices">Which matrix each projection is.</param>
    /// <returns>A site for each matrix.</returns>
    /// <exception cref="ArgumentException">The list does not have a projection for each matrix.</exception>
    public static IReadOnlyList<ProjectionSite> Elements(
        int layer, IEnumerable<nn.Module<Tensor, Tensor>> projections, ProjectionRoute route, params AttentionMatrix[] matrices)
    {
        nn.Module<Tensor, Tensor>[] all = [.. projections];
        return all.Length == matrices.Length
            ? [.. all.Zip(matrices, (projection, matrix) => new ProjectionSite(layer, matrix, projection, route))]
            : throw new ArgumentException(
                $"The list of layer {layer} has {all.Length} projections, but its [LortaMatrix] names {matrices.Length}: name the matrix of each.",
                nameof(projections));
    }

    /// <summary>Index of the layer, from 0.</summary>
    public int Layer { get; }

    /// <summary>Which of the four matrices it is.</summary>
    public AttentionMatrix Matrix { get; }

    /// <summary>The module that is called in the forward.</summary>
    public nn.Module<Tensor, Tensor> Projection { get; }

    /// <summary>
    /// How the projection's calls reach adapters. Where another assembly makes them, the first scope finds out.
    /// </summary>
    public ProjectionRoute Route { get; internal set; }

    /// <summary>The first row of the matrix in the projection's weight.</summary>
    public int FirstRow { get; }

    /// <summary>Number of output features of the matrix.</summary>
    public int Rows { get; }

    /// <summary>Number of input features of the matrix.</summary>
    public int Columns => (int)Whole.size(1);

    /// <summary>
    /// The matrix [<see cref="Rows"/>, <see cref="Columns"/>], read from the module at each call, because a move to another
    /// device or type replaces the module's parameters.
    /// </summary>
    public Tensor Weight => IsWhole ? Whole : Whole.narrow(0, FirstRow, Rows);

    /// <summary>Whether the matrix is the projection's whole weight.</summary>
    public bool IsWhole => FirstRow == 0 && Rows == Whole.size(0);

    private Tensor Whole => (Projection is Linear linear ? linear.weight : Projection.get_parameter("weight"))
        ?? throw new InvalidOperationException(
            $"The {Matrix} projection of layer {Layer}, a {Projection.GetType().Name}, has no parameter named weight.");
}
