using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Lorta.Adapters;

/// <summary>products = x D by the kernels, for autograd. Arguments: x, D's rows and heads, the kernels, the failure.</summary>
internal sealed class DownFunction : SingleTensorFunction<DownFunction>
{
    private const int Arguments = 5;

    public override string Name => "LortaDown";

    /// <summary>x D.</summary>
    /// <param name="input">x [N, in].</param>
    /// <param name="side">D.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="failure">Where the backward keeps an error.</param>
    /// <returns>float32 [N, r], in the caller's dispose scope.</returns>
    public static Tensor Apply(Tensor input, FactorSide side, TensorKernels kernels, BackwardFailure failure) => is_grad_enabled()
        ? apply(input, side.Rows, side.Heads!, kernels, failure)
        : kernels.Down(input, side);

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        (Tensor input, Tensor rows, var heads, var kernels) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor?)vars[2], (TensorKernels)vars[3]);
        ctx.set_materialize_grads(false);
        ctx.save_for_backward([input, rows, heads!]);
        ctx.save_data(nameof(TensorKernels), kernels);
        ctx.save_data(nameof(BackwardFailure), vars[4]);
        return kernels.Down(input, new(rows, heads));
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output) =>
        BackwardPass.Run(grad_output, Arguments, ((BackwardFailure)ctx.get_data(nameof(BackwardFailure))).Keep, () =>
        {
            List<Tensor> saved = ctx.get_saved_variables();
            var kernels = (TensorKernels)ctx.get_data(nameof(TensorKernels));
            (Tensor? input, FactorGradient side) = kernels.DownBackward(saved[0], grad_output.contiguous(), new(saved[1], saved[2]));
            return [input, side.Rows, side.Heads, null, null];
        });
}
