using System.Text;
using System.Text.Unicode;

namespace Glue.Data;

/// <summary>Reads UTF-8 strictly: a byte that is none is an error that names the line, not a replacement character.</summary>
internal static class Utf8Text
{
    /// <summary>The whole of a file that is not empty.</summary>
    /// <exception cref="InputException">The file is missing, empty, or not UTF-8.</exception>
    public static byte[] ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new InputException($"{path}: there is no such file.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length == 0)
        {
            throw new InputException($"{path}: the file is empty.");
        }

        if (!Utf8.IsValid(bytes))
        {
            // Counts the lines up to the bad one, and throws there.
            _ = Lines(new MemoryStream(bytes), path).Count();
        }

        return bytes;
    }

    /// <summary>A stream's lines as they come.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="InputException">A line is not UTF-8.</exception>
    public static IEnumerable<string> Lines(Stream stream, string name)
    {
        // Latin-1 gives every byte a character of its own, so that each line's bytes can be had back.
        using var reader = new StreamReader(stream, Encoding.Latin1);
        int line = 0;
        while (reader.ReadLine() is { } characters)
        {
            line++;
            byte[] bytes = Encoding.Latin1.GetBytes(characters);
            if (!Utf8.IsValid(bytes))
            {
                throw new InputException($"{name}, line {line}: the text is not valid UTF-8; save it as UTF-8.");
            }

            yield return Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        }
    }
}
