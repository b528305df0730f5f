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
    public static KernelLoad Load<TSource>(int device, ActivationType type, KernelEnvironment? environment = null)
        where TSource : ILortaKernelSource => KernelLoader.Load<TSource>(device, type, environment ?? KernelEnvironment.Default);

    internal static LortaKernels On<TSource>(CudaModule module, ActivationType type)
        where TSource : ILortaKernelSource =>
        new(module, type, TSource.Rank, TSource.HasHeads, TSource.HasCoefficients, TSource.UsesAtomics);

    /// <summary>Forward, first: products = x D. One launch, for all projections that read x by the same D.</summary>
    /// <param name="operands">What to multiply by.</param>
    /// <param name="input">x.</param>
    /// <param name="products">float32 [rows, rank], for <see cref="Up"/> and for the backward pass; rows without an adapter stay as they are.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void Down(LortaOperands operands, KernelActivations input, nint products, nint stream = 0) =>
        Multiply(operands, [input], operands.Down, products, stream);

    /// <summary>Forward, second: y_m += (products * c_m) U^T for every output, in place. One launch.</summary>
    /// <param name="operands">What to multiply by.</param>
    /// <param name="outputs">y_m, the base model's outputs; one to three.</param>
    /// <param name="products">float32 [rows, rank]: x D.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void Up(LortaOperands operands, ReadOnlySpan<KernelActivations> outputs, nint products, nint stream = 0) =>
        Add(operands, outputs, operands.Up, new(products, 1), stream);

    /// <summary>The bytes of scratch that <see cref="Backward"/> takes.</summary>
    /// <param name="operands">What to multiply by.</param>
    /// <param name="input">x.</param>
    /// <param name="outputs">The outputs, or their gradients.</param>
    public long BackwardWorkspace(LortaOperands operands, KernelActivations input, ReadOnlySpan<KernelActivations> outputs)
    {
        long products = (long)outputs.Length * operands.Rows.Count * Rank;
        long down = FactorWorkspace(operands, operands.Down, input.Width);
        long up = FactorWorkspace(operands, operands.Up, Widest(outputs));
        long coefficients = (long)CoefficientParts(operands, outputs.Length) * operands.Adapters * outputs.Length * Rank;
        return (products + Math.Max(coefficients, Math.Max(down, up))) * sizeof(float);
    }

    /// <summary>
    /// Backward: adds the gradients of x, of both sides and of c. All sums have one order, so that every run gives the
    /// same bits, unless the source was written with atomics.
    /// </summary>
    /// <param name="operands">As in the forward pass.</param>
    /// <param name="input">x.</param>
    /// <param name="outputGradients">The gradients of y_m.</param>
    /// <param name="products">x D, from the forward pass.</param>
    /// <param name="inputGradient">Where the gradient of x is added; null where it is not wanted.</param>
    /// <param name="gradients">Where the factors' gradients are added.</param>
    /// <param name="workspace">Scratch of <see cref="BackwardWorkspace"/> bytes, at a multiple of 4.</param>
    /// <param name="stream">The stream's handle; 0 is the default one.</param>
    public void Backward(
        LortaOperands operands, KernelActivations input, ReadOnlySpan<KernelActivations> outputGradients, nint products,
        KernelActivations? inputGradient, LortaGradients gradients, nint workspace, nint stream = 0)
    {
        if (operands.Rows.Count == 0)
        {
            return;
        }

        // (gradient of y_m) U, [m, rows, rank]
        Products backward = new(workspace, outputGradients.Length);
        nint scratch = workspace + (nint)((long)outputGradients.Length * operands.Rows.Count * Rank * sizeof(float));
        Multiply(operands, outputGradients, operands.Up, workspace, stream);
        if (inputGradient is KernelActivations target)
        {
            Add(operands, [target], operands.Down, backward, stream);
        }

        FactorGradient(operands, operands.Down, [input], backward, gradients.Down, scratch, stream);
        FactorGradient(operands, operands.Up, outputGradients, new(products, 1), gradients.Up, scratch, stream);
        if (gradients.Coefficients.Data != 0)
        {
            CoefficientGradient(operands, products, backward, gradients.Coefficients, scratch, stream);
        }
    }

    /// <summary>products[m] = inputs[m] factor.</summary>
    private void Multiply(
        LortaOperands operands, ReadOnlySpan<KernelActivations> inputs, KernelFactor factor, nint products, nint stream)
    {
        Check(operands, inputs);
        if (operands.Rows.Count > 0)
        {
            DownCall call = new(new(inputs), factor, products, operands.Rows);
            KernelGrid grid = new(Tiles(operands.Rows.Count, TileRows) * _slices, inputs.Length);
            _module.Launch(Entry("lorta_down", factor), grid, Threads, call, stream);
        }
    }

    /// <summary>outputs[m] += weights factor^T.</summary>
    private void Add(
        LortaOperands operands, ReadOnlySpan<KernelActivations> outputs, KernelFactor factor, Products products, nint stream)
    {
        Check(operands, outputs);
        if (operands.Rows.Count > 0)
        {
            int columnTiles = Tiles(Widest(outputs), _tileColumns);
            UpCall call = new(new(outputs), factor, products, operands.Coefficients, operands.Rows, columnTiles);
            KernelGrid grid = new(Tiles(operands.Rows.Count, TileRows) * columnTiles, outputs.Length);
            _module.Launch(Entry("lorta_up", factor), grid, Threads, call, stream);
        }
    }

    /// <summary>The gradients of one side: the sum over m and the rows of activations[m]^T weights.</summary>
    private void FactorGradient(
        LortaOperands operands, KernelFactor factor, ReadOnlySpan<KernelActivations> activations, Products products,
        FactorGradients gradients, nint scratch, nint stream)
    {
        if (gradients.Rows.Data == 0 && gradients.Heads.Data == 0)
        {
            return;
        }

        Check(operands, activations);
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

    private long FactorWorkspace(LortaOperands operands, KernelFactor factor, int width)
    {
        long parts = _usesAtomics ? 0 : FactorParts(operands, width);
        long product = factor.HeadWidth > 0 ? 1 : 0;
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
