namespace Lorta.Adapters;

/// <summary>The factors of a LoRTA update (LoRTA, section 3.2), and sets of them.</summary>
[Flags]
public enum LortaFactor
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A: a row for each of the model's d features.</summary>
    A = 1,

    /// <summary>B: a row for each row of a head, or for each of all heads' rows where heads are no mode.</summary>
    B = 2,

    /// <summary>C_H: a row for each head.</summary>
    Head = 4,

    /// <summary>C_L: a row for each layer.</summary>
    Layer = 8,

    /// <summary>C_M: a row for each matrix.</summary>
    Matrix = 16,
}
