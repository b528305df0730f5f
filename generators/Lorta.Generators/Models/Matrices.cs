using System;

namespace Lorta.Generators.Models;

/// <summary>The runtime's modes by the same values: the generator does not reference the runtime.</summary>
[Flags]
internal enum Modes
{
    None = 0,
    Heads = 1,
    Layers = 2,
    Qkvp = 4,
}

/// <summary>The runtime's set of attention matrices by the same values.</summary>
[Flags]
internal enum Matrices
{
    None = 0,
    Query = 1,
    Key = 2,
    Value = 4,
    Output = 8,
    All = Query | Key | Value | Output,
}
