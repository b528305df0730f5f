using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// LoRTA: the updates of all attention matrices as a fifth-order tensor in CP decomposition
/// (Low-Rank Tensor Adaptation of Large Language Models, section 3.2).
/// </summary>
public class LortaAdapter : Adapter
{
    private static readonly (LortaFactor Factor, string Name)[] ReferenceNames =
    [
        (LortaFactor.A, "A"), (LortaFactor.B, "B"), (LortaFactor.Head, "C_h"), (LortaFactor.Layer, "C_l"), (LortaFactor.Matrix, "C_m"),
    ];

    private readonly LortaFactors _factors;
    private readonly ProjectionSite[] _sites;
    private readonly BackwardFailure _failure = new();
    private readonly KernelPath _kernels;

    /// <summary>Attaches a new adapter, whose first forward is the base model's.</summary>
    /// <param name="sites">Where adapters act in the model.</param>
    /// <param name="options">What the adapter is.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public LortaAdapter(AdapterSites sites, LortaOptions options, string name = "default")
        : base(sites, options, name)
    {
        try
        {
            options.Validate(sites.Layout);
            _sites = [.. sites.Projections.Where(site => options.Targets.HasFlag((AttentionMatrices)(1 << (int)site.Matrix)))];
            AttentionMatrix[] matrices = [.. _sites.Select(site => site.Matrix).Distinct().Order()];
            ValidateTargets(matrices);
            foreach ((LortaFactor factor, long[] shape) in LortaFactors.Shapes(sites.Layout, options, matrices.Length))
            {
                AddParameter(ParameterName(factor), StartingFactors.Draw(factor, shape, options), !options.Frozen.HasFlag(factor));
            }

            _factors = new LortaFactors(options, matrices, Factor);
            _kernels = new KernelPath(sites, options, _factors, _failure);
        }
        catch
        {
            Detach();
            throw;
        }
    }

    /// <summary>What the adapter is.</summary>
    public LortaOptions Options => (LortaOptions)Method;

    /// <summary>
    /// Whether CUDA kernels compute the updates of inputs on a CUDA device, or why TorchSharp's operations do it, as sentences for a
    /// reader; those compute them on the CPU, and while training with dropout, in any case. Where the kernels can't be used,
    /// the reason is also written to <see cref="System.Diagnostics.Trace"/>, once.
    /// </summary>
    public string KernelStatus => _kernels.Status;

    /// <inheritdoc/>
    public override double RateOf(string name) => name is "A" or "B" ? 1 : Options.RateRatio;

    /// <inheritdoc/>
    protected internal override IEnumerable<ProjectionSite> AdaptedSites => _sites;

    /// <summary>Attaches a new adapter to a model, with any modes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">What the adapter is.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public static LortaAdapter Attach(IAdaptable model, LortaOptions options, string name = "default") =>
        new(model.Sites, options, name);

    /// <summary>Loads an adapter of a generated class, which <see cref="Adapter.Save"/> wrote.</summary>
    /// <typeparam name="TAdapter">The generated class.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="attach">Attaches a new adapter of that class.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="CheckpointException">The folder is damaged, or holds what does not fit the model or the class; the model is as it was.</exception>
    public static TAdapter LoadTyped<TAdapter>(IAdaptable model, string folder, Func<LortaOptions, TAdapter> attach)
        where TAdapter : LortaAdapter
    {
        using AdapterFolder stored = AdapterFolder.Open(folder);
        return Load(model, stored, method => attach(method as LortaOptions ?? throw new ArgumentException($"it holds a {method.Name} adapter.")));
    }

    /// <summary>How many numbers a LoRTA adapter has: r(d + d/H + H + L + 4) where everything is a mode.</summary>
    /// <param name="layout">The sizes of the model's attention.</param>
    /// <param name="options">What the adapter is.</param>
    /// <param name="matrices">How many of the four matrices it updates.</param>
    /// <returns>The number of all factors' elements.</returns>
    public static long ParameterCount(AttentionLayout layout, LortaOptions options, int matrices = 4) =>
        LortaFactors.Shapes(layout, options, matrices).Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>A factor, read from the adapter each time, because a move to another device or type replaces it.</summary>
    /// <param name="factor">One factor.</param>
    /// <returns>The parameter; its shape has the layers and matrices in front where these are no modes.</returns>
    /// <exception cref="ArgumentException">The adapter's modes have no such factor.</exception>
    public Parameter Factor(LortaFactor factor) => get_parameter(ParameterName(factor))
        ?? throw new ArgumentException($"The adapter '{Name}' has no factor {factor}: its modes are {Options.Modes}.", nameof(factor));

    /// <summary>The update of a matrix as a dense tensor, for looking at: the forward never builds it.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    /// <param name="matrix">Which of the four matrices.</param>
    /// <returns>A tensor [out, in].</returns>
    /// <exception cref="ArgumentException">The adapter has no update for that matrix.</exception>
    public Tensor Delta(int layer, AttentionMatrix matrix) =>
        Delta(Array.Find(_sites, site => site.Layer == layer && site.Matrix == matrix)
            ?? throw new ArgumentException($"The adapter '{Name}' has no update for the {matrix} matrix of layer {layer}.", nameof(matrix)));

    /// <inheritdoc/>
    protected internal override Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call)
    {
        ProjectionSite[] adapted = [.. sites.ToArray().Where(site => Array.IndexOf(_sites, site) >= 0)];
        if (adapted.Length == 0)
        {
            return call.Base(call.Input);
        }

        return _kernels.TryProject(adapted, call, out Tensor? output) ? output!
            : adapted[0].IsWhole ? ProjectWhole(adapted[0], call)
            : ProjectBlocks(adapted, call);
    }

    /// <summary>The LoRA adapter that computes the same, as every update has at most the rank r, and the authors' own form.</summary>
    internal override IReadOnlyList<string> PeftTypes => Options.Orientation == HeadOrientation.Reference && Options.Modes == LortaModes.All
        ? [PeftConfig.Lora, PeftConfig.Lorta]
        : [PeftConfig.Lora];

    internal override void ThrowIfBackwardFailed() => _failure.Throw();

    internal override PeftForm ToPeft(string type)
    {
        // The updates have the scaling in them, so as LoRA's they are scaled by r/r = 1.
        LoraMethod lora = new Lora { Rank = Options.Rank, Alpha = Options.Rank, Dropout = Options.Dropout };
        return type == PeftConfig.Lora
            ? new PeftForm(lora.ToPeft(), PeftForm.TensorsOf(this, site =>
                [("lora_A.weight", _factors.DownRows(site)), ("lora_B.weight", _factors.UpRows(site).t().contiguous())]))
            : new PeftForm(
                (lora with { Alpha = Options.Alpha, RankStabilized = Options.RankStabilized }).ToPeft(),
                ReferenceNames.ToDictionary(
                    entry => $"{PeftFolder.ModelPrefix}lora_{entry.Name}",
                    entry => entry.Factor == LortaFactor.B ? Factor(entry.Factor).t() : (Tensor)Factor(entry.Factor)));
    }

    /// <inheritdoc/>
    protected internal override Tensor MergedWeight(ProjectionSite site, Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return Delta(site).Plus(weight).to(weight.dtype).MoveToOuterDisposeScope(); // summed in the wider type
    }

    /// <summary>The side of an update that makes the output [out, r], with the scaling in it.</summary>
    internal Tensor Up(ProjectionSite site) => _factors.UpRows(site).t();

    /// <summary>The side of an update that meets the input [in, r].</summary>
    internal Tensor Down(ProjectionSite site) => _factors.DownRows(site).t();

    private Tensor Delta(ProjectionSite site)
    {
        using DisposeScope scope = NewDisposeScope();
        return _factors.UpRows(site).t().mm(_factors.DownRows(site)).MoveToOuterDisposeScope(); // [out, r] [r, in]
    }

    private Tensor ProjectWhole(ProjectionSite site, in ProjectionCall call)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = call.Input;
        (Tensor product, Tensor up) = Sides(site, call, scope); // [N, r], [r, out]
        Tensor output;
        if (call is { Projection: Linear, RunsHooks: false, Output: null })
        {
            // A linear layer's output is fresh and its backward does not need it: the update goes into it in place.
            output = call.Base(input.reshape(-1, input.size(-1))).addmm_(product, up); // [N, out]
            output = output.reshape(input.SizesWithLast(site.Rows));
        }
        else
        {
            output = call.Base(input);
            output = output.reshape(-1, site.Rows).addmm(product, up).reshape(output.shape);
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>A projection that holds several matrices as blocks of rows: their updates side by side.</summary>
    private Tensor ProjectBlocks(ProjectionSite[] adapted, in ProjectionCall call)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = call.Base(call.Input); // [..., out]
        Tensor product = Product(adapted[0], call); // [N, r]
        var updates = new List<Tensor>();
        long row = 0;
        foreach (ProjectionSite site in adapted)
        {
            product = site == adapted[0] || _factors.DownIsShared ? product : Product(site, call);
            if (site.FirstRow > row)
            {
                updates.Add(product.new_zeros(product.size(0), site.FirstRow - row));
            }

            updates.Add(product.mm(As(_factors.UpRows(site), product))); // [N, rows]
            row = site.FirstRow + site.Rows;
        }

        if (output.size(-1) > row)
        {
            updates.Add(product.new_zeros(product.size(0), output.size(-1) - row));
        }

        return output.Plus(cat(updates, 1).reshape(output.shape)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The input times the factor that it meets [N, r], and the side that makes the output [r, out]: computed at once for
    /// the calls that take the same value.
    /// </summary>
    private (Tensor Product, Tensor Up) Sides(ProjectionSite site, in ProjectionCall call, DisposeScope scope)
    {
        bool shares = _factors.DownIsShared && call.Share != InputShare.Alone;
        if (shares && call.Share.Follows && SharedProduct.Take(call.Input, this, site.Layer, scope) is [var kept, var others])
        {
            return (kept, _factors.UpRows(others, site));
        }

        Tensor product = Product(site, call);
        if (!shares || call.Share.Followers == 0)
        {
            return (product, As(_factors.UpRows(site), product));
        }

        Tensor ups = As(_factors.UpRowsOfInputs(site, Sites.Layout.HeadRows(AttentionMatrix.Query)), product); // [m, r, out]
        SharedProduct.Keep(call.Input, this, site.Layer, call.Share.Followers, product, ups);
        return (product, _factors.UpRows(ups, site));
    }

    /// <summary>The input times the factor that it meets [N, r].</summary>
    private Tensor Product(ProjectionSite site, in ProjectionCall call)
    {
        Tensor input = call.Input.reshape(-1, call.Input.size(-1)); // [N, in]
        Tensor down = As(_factors.DownRows(site), input); // [r, in]
        return Options.Dropout > 0 && call.Projection.training
            ? DroppedProduct.Of(input, down, Options.Dropout, _failure)
            : input.mm(down.t()); // [N, in] [in, r]
    }

    private void ValidateTargets(AttentionMatrix[] matrices)
    {
        if (matrices.Length == 0)
        {
            throw new ArgumentException($"The targets {Options.Targets} name no matrix of the model, which has {Sites.Matrices}.");
        }

        if (Options.Orientation == HeadOrientation.Reference && Array.Exists(_sites, site => site.Rows != site.Columns))
        {
            throw new ArgumentException(
                "The reference orientation needs square matrices, and this model's are not (grouped queries, or heads that are " +
                "not d/H wide): choose the paper's orientation.");
        }
    }

    private static string ParameterName(LortaFactor factor) => factor switch
    {
        LortaFactor.A => "A",
        LortaFactor.B => "B",
        LortaFactor.Head => "C_H",
        LortaFactor.Layer => "C_L",
        LortaFactor.Matrix => "C_M",
        _ => throw new ArgumentException($"{factor} is not one factor.", nameof(factor)),
    };
}
