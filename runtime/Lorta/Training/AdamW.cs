using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", algorithm 2) for one parameter, on float32 or float64.
/// </summary>
/// <remarks>
/// TorchSharp has one, but lets the garbage collector free the scalars that it passes while libtorch still reads them: a collection
/// on another thread then makes a step fail or go wrong. Here they are held, as wherever this library passes a scalar.
/// </remarks>
internal sealed class AdamW(Parameter parameter, double beta1, double beta2, double epsilon) : IDisposable
{
    private readonly Scalar _beta1 = beta1;
    private readonly Scalar _beta2 = beta2;
    private readonly Scalar _gradientShare = 1 - beta1;
    private readonly Scalar _squareShare = 1 - beta2;
    private readonly Scalar _epsilon = epsilon;
    private readonly Scalar _one = 1;

    /// <summary>The running mean of the gradient, of the parameter's shape.</summary>
    public Tensor Mean { get; } = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();

    /// <summary>The running mean of the squared gradient, of the parameter's shape.</summary>
    public Tensor Square { get; } = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();

    /// <summary>The steps done.</summary>
    public long Steps { get; set; }

    /// <summary>Changes the parameter by its gradient; without a gradient it stays as it is, and so do the means.</summary>
    public void Step(double learningRate, double weightDecay)
    {
        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (parameter.grad is not { } gradient)
        {
            return;
        }

        Steps++;
        using Scalar decay = 1 - learningRate * weightDecay;
        using Scalar step = -learningRate / (1 - Math.Pow(beta1, Steps));
        using Scalar squareBias = Math.Sqrt(1 - Math.Pow(beta2, Steps));
        parameter.mul_(decay);
        Mean.mul_(_beta1).add_(gradient, _gradientShare);
        Square.mul_(_beta2).addcmul_(gradient, gradient, _squareShare);
        Tensor denominator = Square.sqrt().div_(squareBias).add_(_epsilon, _one);
        parameter.addcdiv_(Mean, denominator, step);
    }

    public void Dispose()
    {
        Mean.Dispose();
        Square.Dispose();
        Scalar[] scalars = [_beta1, _beta2, _gradientShare, _squareShare, _epsilon, _one];
        Array.ForEach(scalars, scalar => scalar.Dispose());
    }
}
