namespace Lorta.Kernels;

/// <summary>
/// Runs an adapter's kernels on one device: the update of up to three projections that read one input, and its
/// gradients. Takes raw pointers of the device and waits for nothing. Safe to use from several threads.
/// </summary>
public sealed class LortaKernels
{
    private const int MostProjections = 3;

    // As the source has them.
    private const int Threads = 256;
    private const int TileRows = 64;
    private const int Lanes = 32;
    private const int VectorBytes = 16;
    private const int WidestSlice = 8;

    /// <summary>
    /// The blocks that a sum over the rows is split into, about: enough to fill a large GPU twice. Constant, so that the
    /// sum does not depend on the device.
    /// </summary>
    private const int SumBlocks = 512;

    private readonly CudaModule _module;
    private readonly bool _hasHeads;
    private readonly bool _hasCoefficients;
    private readonly bool _usesAtomics;
    private readonly int _slices;
    private readonly int _tileColumns;

    private LortaKernels(CudaModule module, ActivationType type, int rank, bool hasHeads, bool hasCoefficients, bool usesAtomics)
    {
        (_module, Rank, Type, _hasHeads, _hasCoefficients, _usesAtomics) = (module, rank, type, hasHeads, hasCoefficients, usesAtomics);
        _slices = Tiles(rank, WidestSlice);
        _tileColumns = Lanes * VectorBytes / (type == ActivationType.Float32 ? sizeof(float) : sizeof(ushort));
    }

    /// <summary>The rank that the kernels are written for.</summary>
    public int Rank { get; }

    /// <summary>The type of activations.</summary>
    public ActivationType Type { get; }

    /// <summary>
    /// The kernels of a source on a device: compiled once, then kept on disk, and in memory for as long as the process
    /// runs.
    /// </summary>
    /// <param name="device">The device's number, as torch counts.</param>
    /// <param name="type">The type of activations.</param>
    /// <param name="environment">Where the libraries and the cache are; null for <see cref="KernelEnvironment.Default"/>.</param>
    /// <param name="rank">The number of rank-one terms, at least 1; null for the source's own.</param>
    public static KernelLoad Load<TSource>(int device, ActivationType type, KernelEnvironment? environment = null, int? rank = null)
        where TSource : ILortaKernelSource =>
        KernelLoader.Load<TSource>(device, type, rank ?? TSource.Rank, environment ?? KernelEnvironment.Default);

    internal static LortaKernels On<TSource>(CudaModule module, ActivationType type, int rank)
        where TSource : ILortaKernelSource =>
        new(module, type, rank, TSource.HasHeads, TSource.HasCoefficients, TSource.UsesAtomics);

    /// <summary>Forward, first: products = x D. One launch, for all projections that read x by the same D.</summary>
    /// <param name="operands">D.</param>
    /// <param name="input">x.</param>
    /// <param name="products">float32 [rows, rank], for <see cref="Up"/> and for the backward pass; rows without an adapter stay as they are.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void Down(LortaOperands operands, KernelActivations input, nint products, nint stream = 0) =>
        Multiply(operands, [input], products, stream);

    /// <summary>Forward, second: y_m += (products * c_m) U^T for every output, in place. One launch.</summary>
    /// <param name="operands">U and c.</param>
    /// <param name="outputs">y_m, the base model's outputs; one to three.</param>
    /// <param name="products">float32 [rows, rank]: x D.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void Up(LortaOperands operands, ReadOnlySpan<KernelActivations> outputs, nint products, nint stream = 0) =>
        Add(operands, outputs, new(products, 1), stream);

    /// <summary>
    /// Backward, first: the gradients of the products, and adds those of U and c. All sums, here and in
    /// <see cref="DownBackward"/>, have one order, so that every run gives the same bits, unless the source was written with
    /// atomics.
    /// </summary>
    /// <param name="operands">U and c, as in the forward pass.</param>
    /// <param name="outputGradients">The gradients of y_m.</param>
    /// <param name="products">x D, from the forward pass.</param>
    /// <param name="productGradients">
    /// float32 [m, rows, rank]: (gradient of y_m) U. The products' gradient is the sum over m of c_m times these.
    /// </param>
    /// <param name="factor">Where the gradients of U are added.</param>
    /// <param name="coefficients">Where the gradient of c is added: a line for each projection; default where it is not wanted.</param>
    /// <param name="workspace">Scratch of <see cref="UpBackwardWorkspace"/> bytes, at a multiple of 4.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void UpBackward(
        LortaOperands operands, ReadOnlySpan<KernelActivations> outputGradients, nint products, nint productGradients,
        FactorGradients factor, KernelGradient coefficients, nint workspace, nint stream = 0)
    {
        Multiply(operands, outputGradients, productGradients, stream);
        FactorGradient(operands, outputGradients, new(products, 1), factor, workspace, stream);
        if (coefficients.Data != 0)
        {
            CoefficientGradient(operands, products, new(productGradients, outputGradients.Length), coefficients, workspace, stream);
        }
    }

    /// <summary>The bytes of scratch that <see cref="UpBackward"/> takes.</summary>
    /// <param name="operands">U and c.</param>
    /// <param name="outputs">The outputs, or their gradients.</param>
    public long UpBackwardWorkspace(LortaOperands operands, ReadOnlySpan<KernelActivations> outputs) => sizeof(float) * Math.Max(
        FactorWorkspace(operands, Widest(outputs)),
        (long)CoefficientParts(operands, outputs.Length) * operands.Adapters * outputs.Length * Rank);

    /// <summary>Backward, second: adds the gradients of x and D.</summary>
    /// <param name="operands">D, and the c that the products' gradients are yet to be multiplied by.</param>
    /// <param name="input">x.</param>
    /// <param name="productGradients">float32 [terms, rows, rank]; their sum, each times its c, is the products' gradient.</param>
    /// <param name="terms">The number of the products' gradients.</param>
    /// <param name="inputGradient">Where the gradient of x is added; null where it is not wanted.</param>
    /// <param name="factor">Where the gradients of D are added.</param>
    /// <param name="workspace">Scratch of <see cref="DownBackwardWorkspace"/> bytes, at a multiple of 4.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void DownBackward(
        LortaOperands operands, KernelActivations input, nint productGradients, int terms, KernelActivations? inputGradient,
        FactorGradients factor, nint workspace, nint stream = 0)
    {
        Products gradients = new(productGradients, terms);
        if (inputGradient is KernelActivations target)
        {
            Add(operands, [target], gradients, stream);
        }

        FactorGradient(operands, [input], gradients, factor, workspace, stream);
    }

    /// <summary>The bytes of scratch that <see cref="DownBackward"/> takes.</summary>
    /// <param name="operands">D.</param>
    /// <param name="input">x.</param>
    public long DownBackwardWorkspace(LortaOperands operands, KernelActivations input) =>
        sizeof(float) * FactorWorkspace(operands, input.Width);

    /// <summary>products[m] = inputs[m] factor.</summary>
    private void Multiply(LortaOperands operands, ReadOnlySpan<KernelActivations> inputs, nint products, nint stream)
    {
        Check(operands, inputs);
        if (operands.Rows.Count > 0)
        {
            DownCall call = new(new(inputs), operands.Factor, products, operands.Rows);
            KernelGrid grid = new(Tiles(operands.Rows.Count, TileRows) * _slices, inputs.Length);
            _module.Launch(Entry("lorta_down", operands.Factor), grid, Threads, call, stream);
        }
    }

    /// <summary>outputs[m] += weights factor^T.</summary>
    private void Add(LortaOperands operands, ReadOnlySpan<KernelActivations> outputs, Products products, nint stream)
    {
        Check(operands, outputs);
        if (operands.Rows.Count > 0)
        {
            int columnTiles = Tiles(Widest(outputs), _tileColumns);
            UpCall call = new(new(outputs), operands.Factor, products, operands.Coefficients, operands.Rows, columnTiles);
            KernelGrid grid = new(Tiles(operands.Rows.Count, TileRows) * columnTiles, outputs.Length);
            _module.Launch(Entry("lorta_up", operands.Factor), grid, Threads, call, stream);
        }
    }

    /// <summary>The gradients of one side: the sum over m and the rows of activations[m]^T weights.</summary>
    private void FactorGradient(
        LortaOperands operands, ReadOnlySpan<KernelActivations> activations, Products products,
        FactorGradients gradients, nint scratch, nint stream)
    {
        if (operands.Rows.Count == 0 || (gradients.Rows.Data == 0 && gradients.Heads.Data == 0))
        {
            return;
        }

        Check(operands, activations);
        KernelFactor factor = operands.Factor;
        int width = Widest(activations);
        if (factor.HeadWidth == 0)
        {
            SumFactorGradient(operands, activations, width, products, gradients.Rows, scratch, stream);
            return;
        }

        // The gradient of the Khatri-Rao product [adapters, width, rank], then those of C_H and B.
        long numbers = (long)width * Rank;
        _module.Clear(scratch, numbers * operands.Adapters, stream);
        nint parts = scratch + (nint)(numbers * operands.Adapters * sizeof(float));
        SumFactorGradient(operands, activations, width, products, new(scratch, Rank, numbers), parts, stream);
        int heads = width / factor.HeadWidth;
        HeadGradientCall call = new(factor, scratch, heads, gradients.Heads, gradients.Rows);
        KernelGrid grid = new(Tiles((factor.HeadWidth + heads) * Rank, Threads), operands.Adapters);
        _module.Launch("lorta_head_gradient", grid, Threads, call, stream);
    }

    private void SumFactorGradient(
        LortaOperands operands, ReadOnlySpan<KernelActivations> activations, int width, Products products,
        KernelGradient gradient, nint parts, nint stream)
    {
        int count = FactorParts(operands, width);
        KernelGrid grid = new(Tiles(width, _tileColumns) * _slices, count, operands.Adapters);
        Projections all = new(activations);
        if (_usesAtomics)
        {
            FactorGradientCall<KernelGradient> direct =
                new(all, activations.Length, width, products, operands.Coefficients, operands.Rows, gradient);
            _module.Launch("lorta_factor_gradient", grid, Threads, direct, stream);
            return;
        }

        FactorGradientCall<nint> call = new(all, activations.Length, width, products, operands.Coefficients, operands.Rows, parts);
        _module.Launch("lorta_factor_gradient", grid, Threads, call, stream);
        SumParts(operands, parts, count, width, gradient, stream);
    }

    private void CoefficientGradient(
        LortaOperands operands, nint forward, Products backward, KernelGradient gradient, nint parts, nint stream)
    {
        if (!_hasCoefficients)
        {
            throw new InvalidOperationException("These kernels have no gradient of the coefficients: neither layers nor qkvp is a mode.");
        }

        if (operands.Rows.Count == 0)
        {
            return;
        }

        int count = CoefficientParts(operands, backward.Terms);
        KernelGrid grid = new(count, backward.Terms, operands.Adapters);
        if (_usesAtomics)
        {
            CoefficientGradientCall<KernelGradient> direct = new(forward, backward.Data, backward.Terms, operands.Rows, gradient);
            _module.Launch("lorta_coefficient_gradient", grid, Threads, direct, stream);
            return;
        }

        CoefficientGradientCall<nint> call = new(forward, backward.Data, backward.Terms, operands.Rows, parts);
        _module.Launch("lorta_coefficient_gradient", grid, Threads, call, stream);
        SumParts(operands, parts, count, backward.Terms, gradient, stream);
    }

    private void SumParts(LortaOperands operands, nint parts, int count, int lines, KernelGradient gradient, nint stream) =>
        _module.Launch(
            "lorta_sum_parts",
            new KernelGrid(Tiles(lines * Rank, Threads), operands.Adapters),
            Threads,
            new SumPartsCall(parts, count, lines, gradient),
            stream);

    private long FactorWorkspace(LortaOperands operands, int width)
    {
        long parts = _usesAtomics ? 0 : FactorParts(operands, width);
        long product = operands.Factor.HeadWidth > 0 ? 1 : 0;
        return (parts + product) * operands.Adapters * width * Rank;
    }

    private int FactorParts(LortaOperands operands, int width) =>
        Parts(operands, (long)Tiles(width, _tileColumns) * _slices * operands.Adapters, TileRows);

    private int CoefficientParts(LortaOperands operands, int matrices) =>
        Parts(operands, (long)matrices * operands.Adapters, Math.Max(1, Threads / Rank));

    /// <summary>In how many parts to sum over the rows, where a block takes so many rows at once.</summary>
    private static int Parts(LortaOperands operands, long blocksOfPart, int rows) =>
        (int)Math.Clamp(SumBlocks / blocksOfPart, 1, Math.Max(1, Tiles(operands.Rows.Count, rows)));

    private string Entry(string kernel, KernelFactor factor)
    {
        if (factor.HeadWidth == 0)
        {
            return kernel + "_plain";
        }

        return _hasHeads
            ? kernel + "_heads"
            : throw new InvalidOperationException("These kernels have no product of heads: heads are no mode.");
    }

    private static void Check(LortaOperands operands, ReadOnlySpan<KernelActivations> activations)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(operands.Rows.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(operands.Adapters, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(operands.Adapters, KernelGrid.Limit);
        if (activations.Length is < 1 or > MostProjections)
        {
            throw new ArgumentException($"A call has one to {MostProjections} projections, not {activations.Length}.", nameof(activations));
        }

        foreach (KernelActivations each in activations)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(each.Width, 1);
        }
    }

    private static int Widest(ReadOnlySpan<KernelActivations> all)
    {
        int widest = 0;
        foreach (KernelActivations each in all)
        {
            widest = Math.Max(widest, each.Width);
        }

        return widest;
    }

    private static int Tiles(int count, int size) => (count + size - 1) / size;
}
