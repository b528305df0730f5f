using System;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Writes a copy of an ELF library whose requirement of GLIBCXX_3.4.32 is weak (VER_FLG_WEAK in that entry of
/// .gnu.version_r), unless the system's libstdc++ has that version.
/// </summary>
public sealed class WeakenGlibcxxRequirement : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK

    private static readonly string[] SystemLibraries =
    {
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib64/libstdc++.so.6", "/lib64/libstdc++.so.6", "/usr/lib/libstdc++.so.6",
    };

    [Required]
    public string Library { get; set; }

    [Required]
    public string Copy { get; set; }

    [Output]
    public bool Written { get; set; }

    public override bool Execute()
    {
        string system = SystemLibraries.FirstOrDefault(File.Exists);
        if (system != null && Contains(File.ReadAllBytes(system), Version + "\0"))
        {
            return true;
        }

        byte[] image = File.ReadAllBytes(Library);
        if (!TryWeaken(image))
        {
            return true;
        }

        Written = true;
        if (File.Exists(Copy) && File.ReadAllBytes(Copy).SequenceEqual(image))
        {
            return true;
        }

        // A new file, moved into place: the old one may be a hard link that other folders share.
        string temporary = Copy + "." + Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(Path.GetDirectoryName(Copy));
        File.WriteAllBytes(temporary, image);
        File.Delete(Copy);
        File.Move(temporary, Copy);
        Log.LogMessage(MessageImportance.Normal, "{0} asks for {1}, which this system lacks: using {2}.", Library, Version, Copy);
        return true;
    }

    private static bool TryWeaken(byte[] image)
    {
        if (image.Length < 64 || BitConverter.ToUInt32(image, 0) != 0x464c457f || image[4] != 2)
        {
            return false;
        }

        long headers = BitConverter.ToInt64(image, 0x28);
        int headerSize = BitConverter.ToUInt16(image, 0x3a);
        int headerCount = BitConverter.ToUInt16(image, 0x3c);
        long Header(int index) => headers + ((long)index * headerSize);
        bool changed = false;
        for (int section = 0; section < headerCount; section++)
        {
            int header = (int)Header(section);
            if (BitConverter.ToUInt32(image, header + 4) != VersionNeedSection)
            {
                continue;
            }

            int names = (int)BitConverter.ToInt64(image, (int)Header(BitConverter.ToInt32(image, header + 0x28)) + 0x18);
            int need = (int)BitConverter.ToInt64(image, header + 0x18);
            while (true)
            {
                int entry = need + BitConverter.ToInt32(image, need + 8);
                for (int left = BitConverter.ToUInt16(image, need + 2); left > 0; left--)
                {
                    if (Text(image, names + BitConverter.ToInt32(image, entry + 8)) == Version)
                    {
                        image[entry + 4] |= (byte)Weak;
                        changed = true;
                    }

                    entry += BitConverter.ToInt32(image, entry + 12);
                }

                int next = BitConverter.ToInt32(image, need + 12);
                if (next == 0)
                {
                    break;
                }

                need += next;
            }
        }

        return changed;
    }

    private static string Text(byte[] image, int start) =>
        Encoding.ASCII.GetString(image, start, Array.IndexOf(image, (byte)0, start) - start);

    private static bool Contains(byte[] image, string text)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(text);
        for (int start = 0; start <= image.Length - wanted.Length; start++)
        {
            int match = 0;
            while (match < wanted.Length && image[start + match] == wanted[match])
            {
                match++;
            }

            if (match == wanted.Length)
            {
                return true;
            }
        }

        return false;
    }
}
