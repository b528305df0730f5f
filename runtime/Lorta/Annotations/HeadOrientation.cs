namespace Lorta;

/// <summary>Which side of a weight [out, in] the head mode indexes.</summary>
public enum HeadOrientation
{
    /// <summary>
    /// The output of Q, K and V, and the input of P, because P maps the concatenated heads back
    /// (LoRTA, section 3.2).
    /// </summary>
    Paper,

    /// <summary>The input of all four, as in the code that the authors published; needed for their adapter files.</summary>
    Reference,
}
