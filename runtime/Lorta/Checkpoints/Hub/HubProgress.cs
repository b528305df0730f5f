namespace Lorta.Checkpoints.Hub;

/// <summary>How far the download of one file is.</summary>
/// <param name="FileName">The file's name in the repository.</param>
/// <param name="Bytes">The bytes that are there, with those of an earlier, interrupted download.</param>
/// <param name="TotalBytes">The file's size, where the server tells it.</param>
public readonly record struct HubProgress(string FileName, long Bytes, long? TotalBytes);
