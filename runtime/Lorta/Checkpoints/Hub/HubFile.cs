namespace Lorta.Checkpoints.Hub;

/// <summary>What the hub says of one file of a commit.</summary>
/// <param name="Name">The file's name in the repository.</param>
/// <param name="Address">Where it is fetched from.</param>
/// <param name="ETag">The name of its content; a SHA-256 in hexadecimal for large files.</param>
/// <param name="Size">Its size in bytes, where the hub tells it.</param>
internal sealed record HubFile(string Name, Uri Address, string ETag, long? Size);
