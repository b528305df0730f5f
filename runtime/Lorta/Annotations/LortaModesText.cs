namespace Lorta;

/// <summary>The modes as users write them: <c>heads,layers,qkvp</c>.</summary>
public static class LortaModesText
{
    private static readonly (string Name, LortaModes Mode)[] Names =
        [("heads", LortaModes.Heads), ("layers", LortaModes.Layers), ("qkvp", LortaModes.Qkvp)];

    /// <summary>Reads a comma-separated list, in any order; empty for no mode.</summary>
    /// <param name="text">The list.</param>
    /// <returns>The modes.</returns>
    /// <exception cref="FormatException">A name is unknown or written twice.</exception>
    public static LortaModes Parse(string text)
    {
        LortaModes modes = LortaModes.None;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            LortaModes mode = Array.Find(Names, entry => entry.Name == part).Mode;
            if (mode == LortaModes.None)
            {
                throw new FormatException($"'{part}' is no mode: choose from {string.Join(", ", Names.Select(entry => entry.Name))}.");
            }

            if (modes.HasFlag(mode))
            {
                throw new FormatException($"The mode '{part}' is written twice.");
            }

            modes |= mode;
        }

        return modes;
    }

    /// <summary>Writes modes as <see cref="Parse"/> reads them.</summary>
    /// <param name="modes">The modes.</param>
    /// <returns>A comma-separated list; empty for no mode.</returns>
    public static string Format(LortaModes modes) =>
        string.Join(',', Names.Where(entry => modes.HasFlag(entry.Mode)).Select(entry => entry.Name));
}
