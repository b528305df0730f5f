namespace Lorta.Adapters;

/// <summary>
/// How a projection's call stands to others of the same method that take the same, unreassigned value: they can share
/// the product of the input with the factor that they have in common.
/// </summary>
/// <param name="Followers">How many calls on the same value come after; 0 for a follower or a call on its own.</param>
/// <param name="Follows">Whether an earlier call of the method took the same value.</param>
public readonly record struct InputShare(int Followers, bool Follows)
{
    /// <summary>A call on its own.</summary>
    public static InputShare Alone => default;

    /// <summary>A call on a value that an earlier call took.</summary>
    public static InputShare Next => new(0, true);

    /// <summary>The first of several calls on one value.</summary>
    /// <param name="followers">How many come after it.</param>
    /// <returns>The share.</returns>
    public static InputShare First(int followers) => new(followers, false);
}
