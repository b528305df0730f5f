using TorchSharp;
using static TorchSharp.torch;

namespace Lorta;

/// <summary>
/// A custom autograd function whose backward leaves no tensor to the garbage collector. TorchSharp's keeps the handles of
/// the gradients that go in and come out until it runs, and so their memory.
/// </summary>
/// <typeparam name="TSelf">The function.</typeparam>
internal abstract class TidyFunction<TSelf> : autograd.SingleTensorFunction<TSelf>
    where TSelf : TidyFunction<TSelf>, new()
{
    // libtorch copies the handles after the backward has returned them: the next backward on the thread can dispose them.
    [ThreadStatic]
    private static Tensor?[]? _returned;

    public sealed override string Name => typeof(TSelf).Name;

    public sealed override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.set_materialize_grads(false);
        return Forward(ctx, vars);
    }

    public sealed override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Array.ForEach(_returned ?? [], gradient => gradient?.Dispose());
        using (grad_output)
        {
            using DisposeScope scope = NewDisposeScope();
            _returned = Backward(ctx, grad_output.IsInvalid ? null : grad_output);
            Array.ForEach(_returned, gradient => gradient?.DetachFromDisposeScope());
        }

        return new List<Tensor>(_returned!);
    }

    /// <summary>Computes the function.</summary>
    /// <param name="ctx">Takes what the backward needs. Tensors are saved after this has returned: they must not be disposed here.</param>
    /// <param name="vars">The arguments.</param>
    /// <returns>The result, in the caller's dispose scope.</returns>
    protected abstract Tensor Forward(autograd.AutogradContext ctx, object[] vars);

    /// <summary>Computes the gradients of the arguments. No exception can leave it but by ending the process.</summary>
    /// <param name="ctx">Has what the forward saved.</param>
    /// <param name="gradient">The gradient of the result, or null where it has none.</param>
    /// <returns>A gradient or null for each argument.</returns>
    protected abstract Tensor?[] Backward(autograd.AutogradContext ctx, Tensor? gradient);
}
