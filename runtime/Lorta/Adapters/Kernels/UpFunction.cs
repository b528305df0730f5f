using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Lorta.Adapters;

/// <summary>
/// y_m += (products * c_m) U^T by the kernels, in place, for autograd. Arguments: y, products, U's rows and heads, c, the blocks
/// of y, the kernels, the failure.
/// </summary>
internal sealed class UpFunction : SingleTensorFunction<UpFunction>
{
    private const int Arguments = 8;

    public override string Name => "LortaUp";

    /// <summary>Adds the updates to blocks of the output's columns.</summary>
    /// <param name="output">The base model's output [N, out], which no backward needs: it is written to.</param>
    /// <param name="blocks">One to three blocks of its columns.</param>
    /// <param name="products">x D, float32 [N, r].</param>
    /// <param name="side">U.</param>
    /// <param name="coefficients">c, float32 [blocks, r].</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="failure">Where the backward keeps an error.</param>
    /// <returns>The output, in the caller's dispose scope.</returns>
    public static Tensor Apply(
        Tensor output, ColumnBlock[] blocks, Tensor products, FactorSide side, Tensor coefficients, TensorKernels kernels, BackwardFailure failure)
    {
        if (is_grad_enabled())
        {
            return apply(output, products, side.Rows, side.Heads!, coefficients, blocks, kernels, failure);
        }

        kernels.Up(output, blocks, products, side, coefficients);
        return output;
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        (Tensor output, Tensor products, Tensor rows, var heads, Tensor coefficients) =
            ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor?)vars[3], (Tensor)vars[4]);
        (var blocks, var kernels) = ((ColumnBlock[])vars[5], (TensorKernels)vars[6]);
        ctx.set_materialize_grads(false);
        ctx.mark_dirty([output]);
        ctx.save_for_backward([products, rows, heads!, coefficients]);
        ctx.save_data(nameof(ColumnBlock), blocks);
        ctx.save_data(nameof(TensorKernels), kernels);
        ctx.save_data(nameof(BackwardFailure), vars[7]);
        kernels.Up(output, blocks, products, new(rows, heads), coefficients);
        return output;
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output) =>
        BackwardPass.Run(grad_output, Arguments, ((BackwardFailure)ctx.get_data(nameof(BackwardFailure))).Keep, () =>
        {
            List<Tensor> saved = ctx.get_saved_variables();
            (var blocks, var kernels) = ((ColumnBlock[])ctx.get_data(nameof(ColumnBlock)), (TensorKernels)ctx.get_data(nameof(TensorKernels)));
            Tensor ofRows = grad_output.stride(1) == 1 ? grad_output : grad_output.contiguous();
            (Tensor products, FactorGradient side, Tensor? coefficients) =
                kernels.UpBackward(ofRows, blocks, saved[0], new(saved[1], saved[2]), saved[3]);
            return [grad_output, products, side.Rows, side.Heads, coefficients, null, null, null];
        });
}
