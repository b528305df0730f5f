using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>Clipping by the norm of all gradients together. libtorch's own waits for the device to hand the norm to the host.</summary>
internal static class GradientClipping
{
    /// <summary>Multiplies every gradient by min(1, <paramref name="maxNorm"/> / norm), all on one device.</summary>
    public static void Clip(IEnumerable<Parameter> parameters, double maxNorm)
    {
        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] gradients = [.. parameters.Select(p => p.grad).OfType<Tensor>()];
        if (gradients.Length == 0)
        {
            return;
        }

        using Scalar highest = maxNorm;
        using Scalar epsilon = 1e-6;
        using Scalar one = 1;
        Tensor norm = stack(gradients.Select(g => g.norm().to(ScalarType.Float64))).norm();
        Tensor factor = norm.add_(epsilon, one).reciprocal_().mul_(highest).clamp_max(one);
        foreach (Tensor gradient in gradients)
        {
            gradient.mul_(factor);
        }
    }
}
