namespace Lorta.Kernels;

/// <summary>A call of CUDA's driver failed.</summary>
public sealed class CudaException : Exception
{
    /// <param name="message">What was called and what the driver answered.</param>
    public CudaException(string message)
        : base(message)
    {
    }
}
