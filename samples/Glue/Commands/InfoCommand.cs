using System.CommandLine;
using Glue.Data;
using Glue.Output;
using Glue.Pictures;
using Lorta.Checkpoints;

namespace Glue.Commands;

/// <summary><c>info</c>: lists the tensors of an adapter or a checkpoint, and how many numbers they hold.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A .safetensors file, or a folder that holds some: an adapter's or a model's." };
        Option<string?> picture = new("--picture")
        {
            Description = "Of a LoRTA adapter's folder: draw to this .png how much each component weighs in each head, layer and matrix.",
            HelpName = "FILE",
        };
        var command = new Command("info", "Show what an adapter or a checkpoint holds, and how many numbers.") { path, picture };
        command.SetAction(result =>
        {
            long total = 0;
            var rows = new List<string[]>();
            foreach (string name in Files(result.GetRequiredValue(path)))
            {
                using SafetensorsFile file = SafetensorsFile.Open(name);
                foreach ((string tensor, SafetensorsEntry entry) in file.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    long numbers = entry.Shape.Aggregate(1L, (product, size) => product * size);
                    total += numbers;
                    rows.Add([Path.GetFileName(name), tensor, string.Join(" x ", entry.Shape), entry.DType.ToString().ToLowerInvariant(), $"{numbers:N0}"]);
                }
            }

            rows.Add(["total", "", "", "", $"{total:N0}"]);
            if (result.GetValue(picture) is { } target)
            {
                ComponentPicture.Write(result.GetRequiredValue(path), target);
            }

            ResultTable.Print(["file", "tensor", "shape", "type", "numbers"], rows);
        });
        return command;
    }

    private static IReadOnlyList<string> Files(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        if (File.Exists(Path.Combine(path, PretrainedFolder.ConfigName)))
        {
            using PretrainedFolder model = PretrainedFolder.Open(path);
            return [.. model.WeightFiles];
        }

        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*.safetensors").Order(StringComparer.Ordinal)] : [];
        return files.Length > 0 ? files : throw new InputException($"{path}: there is no .safetensors file here.");
    }
}
