namespace Lorta.Kernels;

/// <summary>The type of activations; factors and sums are float32 always. The numbers are those of LORTA_TYPE.</summary>
public enum ActivationType
{
    /// <summary>IEEE single precision.</summary>
    Float32 = 0,

    /// <summary>IEEE half precision.</summary>
    Float16 = 1,

    /// <summary>The upper half of a float32.</summary>
    BFloat16 = 2,
}
