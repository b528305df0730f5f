using System.Text.RegularExpressions;

namespace Lorta.Checkpoints.Hub;

/// <summary>A model on the hub: <c>name</c> or <c>owner/name</c>, and which revision of it.</summary>
public sealed partial record HubModelId
{
    private const int MaxLength = 96;
    private const string DefaultRevision = "main";

    private HubModelId(string repository, string revision)
    {
        Repository = repository;
        Revision = revision;
    }

    /// <summary><c>name</c> or <c>owner/name</c>.</summary>
    public string Repository { get; }

    /// <summary>A branch, tag, or commit; <c>main</c> where none is named.</summary>
    public string Revision { get; }

    /// <summary>The id as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => Revision == DefaultRevision ? Repository : $"{Repository}@{Revision}";

    /// <summary>Whether the revision is a full commit hash, which names the same files for ever.</summary>
    internal bool IsCommit => CommitPattern().IsMatch(Revision);

    /// <summary>Reads <c>name</c>, <c>owner/name</c>, or either with <c>@revision</c> behind it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The id, where the text is one.</param>
    /// <returns>Whether the text follows the hub's rules for names.</returns>
    public static bool TryParse(string text, out HubModelId id)
    {
        string[] parts = text.Split('@', 2);
        string revision = parts.Length == 2 ? parts[1] : DefaultRevision;
        id = new HubModelId(parts[0], revision);
        // Both become folder names, and two dashes stand for the slash there.
        return parts[0].Length <= MaxLength
            && RepositoryPattern().IsMatch(parts[0])
            && RevisionPattern().IsMatch(revision)
            && !parts[0].Contains("--", StringComparison.Ordinal)
            && !text.Contains("..", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\A\w([\w.-]*\w)?(/\w([\w.-]*\w)?)?\z", RegexOptions.ECMAScript)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex(@"\A\w[\w.-]*(/\w[\w.-]*)*\z", RegexOptions.ECMAScript)]
    private static partial Regex RevisionPattern();

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex CommitPattern();
}
