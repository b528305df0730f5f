using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>How a backward function of this library runs inside torch's engine.</summary>
internal static class BackwardPass
{
    // Torch takes its own references to the gradients only after the function has returned, so these must outlive it.
    [ThreadStatic]
    private static Tensor?[]? _handed;

    /// <summary>
    /// Computes the gradients of a function's arguments. All tensors but those are freed; the gradients are by the next
    /// backward on the thread.
    /// </summary>
    /// <param name="gradient">The gradient of the function's result; invalid where torch has none.</param>
    /// <param name="arguments">How many arguments the function has.</param>
    /// <param name="failure">Where an error is kept; the gradients are left out then.</param>
    /// <param name="compute">Computes them; null for an argument without one.</param>
    public static List<Tensor> Run(Tensor gradient, int arguments, KernelFailure failure, Func<Tensor?[]> compute)
    {
        foreach (Tensor? handed in _handed ?? [])
        {
            handed?.Dispose();
        }

        _handed = new Tensor?[arguments];
        try
        {
            using DisposeScope scope = NewDisposeScope();
            scope.Attach(gradient);
            if (!gradient.IsInvalid)
            {
                _handed = compute();
                Array.ForEach(_handed, each => each?.DetachFromDisposeScope());
            }
        }
        catch (Exception error)
        {
            failure.Keep(error);
            _handed = new Tensor?[arguments];
        }

        return [.. _handed.Select(each => each!)]; // torch takes null for no gradient
    }
}
