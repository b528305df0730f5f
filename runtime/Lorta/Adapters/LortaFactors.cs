using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The factors of one adapter's update tensors, and the algebra that turns them into the update of a matrix.
/// </summary>
/// <remarks>
/// Shapes, with nl leading where layers are no mode (one tensor a layer) and nm where qkvp is none (one a matrix):
/// A [nl, nm, d, r]; B [nl, nm, d/H, r], or [nl, nm, d, r] without heads; C_H [nl, nm, H, r]; C_L [nm, L, r];
/// C_M [nl, M, r]. Written for one layer and matrix (LoRTA, section 3.2, eq. for T[:, :, h, l, m]):
/// update = left diag(c) right^T, where one side is A and the other E = C_H * B (Khatri-Rao), and
/// c = scaling * C_L[l] * C_M[m]. A row of E is a row of a head.
/// </remarks>
internal sealed class LortaFactors
{
    private readonly LortaOptions _options;
    private readonly Scalar _scaling;
    private readonly AttentionMatrix[] _matrices;
    private readonly Func<LortaFactor, Parameter> _factor;

    public LortaFactors(LortaOptions options, IEnumerable<AttentionMatrix> matrices, Func<LortaFactor, Parameter> factor)
    {
        _options = options;
        _scaling = options.Scaling;
        _matrices = [.. matrices];
        _factor = factor;
    }

    private bool LayersAreMode => _options.Modes.HasFlag(LortaModes.Layers);

    private bool MatricesAreMode => _options.Modes.HasFlag(LortaModes.Qkvp);

    private bool HeadsAreMode => _options.Modes.HasFlag(LortaModes.Heads);

    /// <summary>The shapes of the factors that the modes have.</summary>
    public static IReadOnlyDictionary<LortaFactor, long[]> Shapes(AttentionLayout layout, LortaOptions options, int matrices)
    {
        long[] layers = options.Modes.HasFlag(LortaModes.Layers) ? [] : [layout.Layers];
        long[] kinds = options.Modes.HasFlag(LortaModes.Qkvp) ? [] : [matrices];
        bool heads = options.Modes.HasFlag(LortaModes.Heads);
        long rank = options.Rank;
        var shapes = new Dictionary<LortaFactor, long[]>
        {
            [LortaFactor.A] = [.. layers, .. kinds, layout.Width, rank],
            [LortaFactor.B] = [.. layers, .. kinds, heads ? layout.HeadWidth : layout.HeadWidth * layout.Heads, rank],
        };
        if (heads)
        {
            shapes[LortaFactor.Head] = [.. layers, .. kinds, layout.Heads, rank];
        }

        if (layers.Length == 0)
        {
            shapes[LortaFactor.Layer] = [.. kinds, layout.Layers, rank];
        }

        if (kinds.Length == 0)
        {
            shapes[LortaFactor.Matrix] = [.. layers, matrices, rank];
        }

        return shapes;
    }

    /// <summary>
    /// The side that meets the input [r, in], not scaled. It is the same for Q, K and V of a layer where qkvp is a mode.
    /// </summary>
    public Tensor DownRows(ProjectionSite site) => Side(site, HeadsIndexOutput(site.Matrix), site.Columns, scale: null);

    /// <summary>The side that makes the output [r, out], scaled by c.</summary>
    public Tensor UpRows(ProjectionSite site)
    {
        Tensor? scale = Scale(site);
        Tensor up = Side(site, !HeadsIndexOutput(site.Matrix), site.Rows, scale);
        return scale is null ? up * _scaling : up;
    }

    /// <summary>The side that meets the input, as it is stored; matrices with fewer rows use its first.</summary>
    public FactorSide Down(ProjectionSite site) => Stored(site, HeadsIndexOutput(site.Matrix));

    /// <summary>The side that makes the output, as it is stored; matrices with fewer rows use its first.</summary>
    public FactorSide Up(ProjectionSite site) => Stored(site, !HeadsIndexOutput(site.Matrix));

    /// <summary>c [r]: the scaling and the rows of the layer and the matrix.</summary>
    public Tensor Coefficients(ProjectionSite site) => Scale(site) ?? _factor(LortaFactor.A).new_full([_options.Rank], _scaling);

    /// <summary>Whether the factors are on the device of activations.</summary>
    public bool AreOnDeviceOf(Tensor activations) =>
        _factor(LortaFactor.A) is var a && a.device_type == activations.device_type && a.device_index == activations.device_index;

    /// <summary>
    /// The same of all of Q, K and V that the adapter updates in a layer, at once and as if all had as many rows; where qkvp is a mode.
    /// </summary>
    /// <param name="site">One of them.</param>
    /// <param name="rows">The rows of the largest, which is Q.</param>
    /// <returns>The sides [matrices, r, rows], for <see cref="UpRows(Tensor, ProjectionSite)"/>.</returns>
    public Tensor UpRowsOfInputs(ProjectionSite site, long rows)
    {
        Tensor matrices = _factor(LortaFactor.Matrix); // [nl, M, r]
        Tensor scale = LayersAreMode
            ? matrices * _factor(LortaFactor.Layer).select(0, site.Layer)
            : matrices.select(0, site.Layer);
        int inputs = _matrices.Count(matrix => matrix != AttentionMatrix.Output); // which stand in front
        scale = scale.narrow(0, 0, inputs) * _scaling; // [m, r]
        return Side(site, !HeadsIndexOutput(site.Matrix), rows, scale: null) * scale.unsqueeze(-1); // [r, rows] [m, r, 1] -> [m, r, rows]
    }

    /// <summary>One matrix's side [r, out] of what <see cref="UpRowsOfInputs"/> gave.</summary>
    public Tensor UpRows(Tensor ofInputs, ProjectionSite site)
    {
        Tensor up = ofInputs.select(0, Index(site.Matrix));
        return up.size(1) == site.Rows ? up : up.narrow(1, 0, site.Rows); // fewer heads of keys and values
    }

    /// <summary>Whether Q, K and V of a layer multiply their input by the same factor.</summary>
    public bool DownIsShared => MatricesAreMode;

    private bool HeadsIndexOutput(AttentionMatrix matrix) =>
        _options.Orientation == HeadOrientation.Paper && matrix != AttentionMatrix.Output;

    /// <summary>
    /// One side, a row for each component, contiguous: products with a skinny matrix run two to four times faster over rows
    /// than over columns, and so do those of their backward, which take their layout from these.
    /// </summary>
    private Tensor Side(ProjectionSite site, bool isA, long columns, Tensor? scale) =>
        (isA ? A(site, columns, scale) : HeadRows(site, columns, scale)).t().contiguous(); // [columns, r] -> [r, columns]

    private Tensor A(ProjectionSite site, long rows, Tensor? scale) =>
        Scaled(First(Select(_factor(LortaFactor.A), site), rows), scale); // [rows, r]

    /// <summary>E: head h's row j is C_H[h] * B[j]. Key and value heads of grouped queries are the first.</summary>
    private Tensor HeadRows(ProjectionSite site, long rows, Tensor? scale)
    {
        Tensor b = Select(_factor(LortaFactor.B), site); // [d/H or d, r]
        if (!HeadsAreMode)
        {
            return Scaled(First(b, rows), scale);
        }

        Tensor heads = First(Select(_factor(LortaFactor.Head), site), rows / b.size(0)); // [heads, r]
        return (Scaled(heads, scale).unsqueeze(1) * b).reshape(rows, _options.Rank); // [heads, d/H, r] -> [rows, r]
    }

    /// <summary>c: the scaling and the rows of the layer and the matrix [r]; null where neither is a mode.</summary>
    private Tensor? Scale(ProjectionSite site)
    {
        Tensor? scale = null;
        if (LayersAreMode)
        {
            Tensor layers = _factor(LortaFactor.Layer); // [nm, L, r]
            scale = (MatricesAreMode ? layers : layers.select(0, Index(site.Matrix))).select(0, site.Layer);
        }

        if (MatricesAreMode)
        {
            Tensor matrices = _factor(LortaFactor.Matrix); // [nl, M, r]
            Tensor row = (LayersAreMode ? matrices : matrices.select(0, site.Layer)).select(0, Index(site.Matrix));
            scale = scale is null ? row : scale * row;
        }

        return scale is null ? null : scale * _scaling; // r numbers are the cheapest to scale
    }

    private FactorSide Stored(ProjectionSite site, bool isA) => isA
        ? new(Select(_factor(LortaFactor.A), site), Heads: null)
        : new(Select(_factor(LortaFactor.B), site), HeadsAreMode ? Select(_factor(LortaFactor.Head), site) : null);

    private static Tensor Scaled(Tensor rows, Tensor? scale) => scale is null ? rows : rows * scale;

    private Tensor Select(Tensor factor, ProjectionSite site)
    {
        Tensor ofLayer = LayersAreMode ? factor : factor.select(0, site.Layer);
        return MatricesAreMode ? ofLayer : ofLayer.select(0, Index(site.Matrix));
    }

    private static Tensor First(Tensor factor, long rows) => factor.size(0) == rows ? factor : factor.narrow(0, 0, rows);

    private int Index(AttentionMatrix matrix) => Array.IndexOf(_matrices, matrix);
}
