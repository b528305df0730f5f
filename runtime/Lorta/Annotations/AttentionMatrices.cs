namespace Lorta;

/// <summary>A set of attention matrices.</summary>
[Flags]
public enum AttentionMatrices
{
    /// <summary>No matrix.</summary>
    None = 0,

    /// <summary>The query projection.</summary>
    Query = 1,

    /// <summary>The key projection.</summary>
    Key = 2,

    /// <summary>The value projection.</summary>
    Value = 4,

    /// <summary>The output projection.</summary>
    Output = 8,

    /// <summary>All four.</summary>
    All = Query | Key | Value | Output,
}
