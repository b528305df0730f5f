using TorchSharp;
using static TorchSharp.torch;

namespace Lorta;

/// <summary>How the backward of an autograd function of this library runs inside torch's engine.</summary>
internal static class BackwardPass
{
    // libtorch takes its own references to the gradients only after the function has returned, so that these must outlive it.
    [ThreadStatic]
    private static Tensor?[]? _handed;

    /// <summary>
    /// Computes the gradients of a function's arguments. All tensors but those are freed; the gradients are by the thread's
    /// next backward.
    /// </summary>
    /// <param name="gradient">The gradient of the function's result; invalid where torch has none.</param>
    /// <param name="arguments">How many arguments the function has.</param>
    /// <param name="fail">Takes an error, which must not leave through libtorch; there are no gradients then.</param>
    /// <param name="compute">Computes them; null for an argument without one.</param>
    /// <returns>The gradients as libtorch takes them.</returns>
    public static List<Tensor> Run(Tensor gradient, int arguments, Action<Exception> fail, Func<Tensor?[]> compute)
    {
        Free();
        var gradients = new Tensor?[arguments];
        try
        {
            using DisposeScope scope = NewDisposeScope();
            scope.Attach(gradient);
            if (!gradient.IsInvalid)
            {
                gradients = compute();
                Array.ForEach(gradients, each => each?.DetachFromDisposeScope());
            }
        }
        catch (Exception error)
        {
            fail(error);
        }

        Free(); // what a backward inside this one has handed
        _handed = gradients;
        return [.. gradients.Select(each => each!)];
    }

    private static void Free()
    {
        foreach (Tensor? handed in _handed ?? [])
        {
            handed?.Dispose();
        }

        _handed = null;
    }
}
