namespace Lorta.Models;

/// <summary>An activation function of a feed-forward layer.</summary>
public enum Activation
{
    /// <summary>x times the normal distribution function of x, exact (<c>gelu</c>).</summary>
    Gelu,

    /// <summary>The same approximated by tanh (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,

    /// <summary>max(x, 0) (<c>relu</c>).</summary>
    Relu,
}
