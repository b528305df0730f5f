using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The product of an adapter's input, after dropout, with the factor that it meets. For the backward it keeps the input itself,
/// which others keep as well, and the mask as Booleans; libtorch's own operations keep the mask as floats and the dropped input.
/// </summary>
internal sealed class DroppedProduct : autograd.SingleTensorFunction<DroppedProduct>
{
    private const int Arguments = 4;
    private const string ScaleKey = "scale";

    private static readonly Scalar Zero = 0;

    public override string Name => nameof(DroppedProduct);

    /// <summary>Sets each element of the input to zero with probability p, scales the others by 1/(1 - p), and multiplies.</summary>
    /// <param name="input">The input [N, in].</param>
    /// <param name="down">The factor [r, in].</param>
    /// <param name="probability">p: at least 0, below 1.</param>
    /// <param name="failure">Where the backward keeps an error.</param>
    /// <returns>The product [N, r].</returns>
    public static Tensor Of(Tensor input, Tensor down, double probability, BackwardFailure failure) => apply(input, down, probability, failure);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        (var input, var down, double probability) = ((Tensor)vars[0], (Tensor)vars[1], (double)vars[2]);
        Scalar scale = 1 / (1 - probability);
        Tensor dropped = empty(input.shape, ScalarType.Bool, input.device).bernoulli_(probability); // saved once this has returned
        ctx.set_materialize_grads(false);
        ctx.save_for_backward([input, down, dropped]);
        ctx.save_data(ScaleKey, scale);
        ctx.save_data(nameof(BackwardFailure), vars[3]);
        using Tensor kept = Masked(input, dropped);
        return kept.mm(down.t()).mul_(scale); // [N, in] [in, r]
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        BackwardPass.Run(grad_output, Arguments, ((BackwardFailure)ctx.get_data(nameof(BackwardFailure))).Keep, () =>
        {
            List<Tensor> saved = ctx.get_saved_variables();
            (Tensor input, Tensor down, Tensor dropped) = (saved[0], saved[1], saved[2]);
            Tensor scaled = grad_output * (Scalar)ctx.get_data(ScaleKey); // [N, r]
            return
            [
                input.requires_grad ? scaled.mm(down).masked_fill_(dropped, Zero) : null, // [N, r] [r, in]
                down.requires_grad ? scaled.t().mm(Masked(input, dropped)) : null, // [r, N] [N, in]
                null,
                null,
            ];
        });

    private static Tensor Masked(Tensor input, Tensor dropped) => input.masked_fill(dropped, Zero);
}
