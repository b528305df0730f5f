using Lorta.Kernels;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The kernels on tensors: activations [N, width] of their type, whose numbers of a row lie side by side; factors, products
/// and coefficients float32 and contiguous. Results are in the caller's dispose scope.
/// </summary>
/// <remarks>Launches go to CUDA's default stream, which is torch's: TorchSharp has no way to choose another.</remarks>
internal sealed class TensorKernels(LortaKernels kernels)
{
    /// <summary>x D [N, r].</summary>
    public Tensor Down(Tensor input, FactorSide side)
    {
        Tensor products = side.Rows.new_empty(input.size(0), kernels.Rank);
        kernels.Down(Operands(input, side), Activations(input), products.Address());
        return products;
    }

    /// <summary>Adds the updates to blocks of the output's columns [N, out], in place.</summary>
    /// <param name="output">The base model's output.</param>
    /// <param name="blocks">One to three blocks.</param>
    /// <param name="products">x D [N, r].</param>
    /// <param name="side">U.</param>
    /// <param name="coefficients">c [blocks, r].</param>
    public void Up(Tensor output, ColumnBlock[] blocks, Tensor products, FactorSide side, Tensor coefficients) =>
        kernels.Up(Operands(output, side, coefficients), Activations(output, blocks), products.Address());

    /// <summary>The gradients of the products, of U and of c; null where not wanted.</summary>
    public (Tensor Products, FactorGradient Side, Tensor? Coefficients) UpBackward(
        Tensor outputGradient, ColumnBlock[] blocks, Tensor products, FactorSide side, Tensor coefficients)
    {
        var gradient = FactorGradient.Of(side);
        Tensor? ofCoefficients = coefficients.requires_grad ? zeros_like(coefficients) : null;
        Tensor productGradients = products.new_empty(blocks.Length, products.size(0), kernels.Rank);
        LortaOperands operands = Operands(outputGradient, side, coefficients);
        KernelActivations[] activations = Activations(outputGradient, blocks);
        Tensor workspace = Workspace(products, kernels.UpBackwardWorkspace(operands, activations));
        kernels.UpBackward(
            operands, activations, products.Address(), productGradients.Address(), gradient.Target, FactorGradient.TargetOf(ofCoefficients),
            workspace.Address());
        return ((productGradients * coefficients.unsqueeze(1)).sum(dim: 0), gradient, ofCoefficients); // [m, N, r] [m, 1, r] -> [N, r]
    }

    /// <summary>The gradients of x and of D; null where not wanted.</summary>
    public (Tensor? Input, FactorGradient Side) DownBackward(Tensor input, Tensor productGradients, FactorSide side)
    {
        var gradient = FactorGradient.Of(side);
        Tensor? ofInput = input.requires_grad ? input.new_zeros(input.shape) : null;
        LortaOperands operands = Operands(input, side, productGradients.new_ones(1, kernels.Rank)); // c is in the gradients already
        KernelActivations activations = Activations(input);
        Tensor workspace = Workspace(productGradients, kernels.DownBackwardWorkspace(operands, activations));
        kernels.DownBackward(
            operands, activations, productGradients.Address(), terms: 1, ofInput is null ? null : Activations(ofInput), gradient.Target,
            workspace.Address());
        return (ofInput, gradient);
    }

    private static LortaOperands Operands(Tensor activations, FactorSide side, Tensor? coefficients = null) => new(
        new KernelFactor(side.Rows.Address(), 0, side.Heads?.Address() ?? 0, 0, side.Heads is null ? 0 : (int)side.Rows.size(0)),
        coefficients is null ? default : new KernelCoefficients(coefficients.Address(), coefficients.size(1), 0),
        new KernelRows(Map: 0, Adapters: 0, checked((int)activations.size(0))));

    private static KernelActivations Activations(Tensor activations) =>
        new(activations.Address(), activations.stride(0), (int)activations.size(1));

    private static KernelActivations[] Activations(Tensor activations, ColumnBlock[] blocks)
    {
        nint first = activations.Address();
        var size = (int)activations.ElementSize;
        long stride = activations.stride(0);
        return [.. blocks.Select(block => new KernelActivations(first + (block.First * size), stride, block.Count))];
    }

    private static Tensor Workspace(Tensor like, long bytes) => like.new_empty([Math.Max(1, bytes / sizeof(float))]);
}

/// <summary>Columns of an output.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct ColumnBlock(int First, int Count);

/// <summary>Where the gradients of a side are summed; null where a factor is frozen.</summary>
internal readonly record struct FactorGradient(Tensor? Rows, Tensor? Heads)
{
    /// <summary>The places of the gradients for the kernels.</summary>
    public FactorGradients Target => new(TargetOf(Rows), TargetOf(Heads));

    /// <summary>Zeros for the gradients that are wanted.</summary>
    public static FactorGradient Of(FactorSide side) => new(
        side.Rows.requires_grad ? zeros_like(side.Rows) : null,
        side.Heads is { requires_grad: true } heads ? zeros_like(heads) : null);

    /// <summary>The place of a gradient [lines, r] for the kernels.</summary>
    public static KernelGradient TargetOf(Tensor? gradient) => gradient is null ? default : new(gradient.Address(), gradient.size(-1), 0);
}
