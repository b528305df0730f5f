namespace Lorta.ML.Bases;

/// <summary>A file as it is at one time, by what tells of changes without reading it.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="Length">Its length in bytes; -1 where it is gone.</param>
/// <param name="Written">When it was last written.</param>
internal readonly record struct FileStamp(string Path, long Length, DateTime Written)
{
    public static FileStamp Of(string path)
    {
        var file = new FileInfo(path);
        return new FileStamp(file.FullName, file.Exists ? file.Length : -1, file.LastWriteTimeUtc);
    }
}
