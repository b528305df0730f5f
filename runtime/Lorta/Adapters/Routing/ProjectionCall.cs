using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>A call of a projection, as the model's forward made it.</summary>
/// <param name="Projection">The receiver.</param>
/// <param name="Input">The argument [..., in].</param>
/// <param name="RunsHooks">Whether it was <c>call</c>, which runs forward hooks, and not <c>forward</c>.</param>
/// <param name="Share">How it stands to other calls on the same value.</param>
public readonly record struct ProjectionCall(nn.Module<Tensor, Tensor> Projection, Tensor Input, bool RunsHooks, InputShare Share)
{
    /// <summary>The base model's result where it is computed already, as in a forward hook.</summary>
    internal Tensor? Output { get; init; }

    /// <summary>The base model's own result, without any adapter.</summary>
    /// <param name="input">The input [..., in].</param>
    /// <returns>The output [..., out].</returns>
    public Tensor Base(Tensor input) => Output ?? (RunsHooks ? Projection.call(input) : Projection.forward(input));
}
