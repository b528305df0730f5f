namespace Lorta;

/// <summary>
/// The four matrices of an attention layer, in the order of the rows of the factor C_M
/// (LoRTA, section 3.2: Q, K, V and the output projection P).
/// </summary>
public enum AttentionMatrix
{
    /// <summary>The query projection Q.</summary>
    Query,

    /// <summary>The key projection K.</summary>
    Key,

    /// <summary>The value projection V.</summary>
    Value,

    /// <summary>The output projection P, which maps the concatenated heads back to the model's width.</summary>
    Output,
}
