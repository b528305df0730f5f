using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Lorta.Generators.Cuda;
using Lorta.Generators.Models;

namespace Lorta.Generators.Emit;

/// <summary>What the CUDA source of an annotated class depends on.</summary>
/// <param name="Type">The annotated class.</param>
/// <param name="AdapterName">The name of its typed adapter.</param>
/// <param name="Spec">What its kernels are specialised by.</param>
internal sealed record KernelModel(TypeDeclaration Type, string AdapterName, KernelSpec Spec)
{
    public static KernelModel Of(ModelInfo model) => new(
        model.Type,
        model.AdapterName,
        new(model.Settings.Rank, (model.Settings.Modes & Modes.Heads) != 0, (model.Settings.Modes & (Modes.Layers | Modes.Qkvp)) != 0));
}

/// <summary>Writes the class that holds the CUDA source of an annotated class's adapters.</summary>
internal static class KernelSourceEmitter
{
    public static string Emit(KernelModel model)
    {
        var writer = new SourceWriter();
        WiringEmitter.Head(writer);
        using (WiringEmitter.Open(writer, model.Type))
        {
            writer.WriteLine($"/// <summary>The kernels of <see cref=\"{model.Type.CrefName}\"/>'s adapters in CUDA C, specialised by the annotation's rank and modes.</summary>");
            using (writer.Block($"internal sealed class {model.AdapterName}Kernels : global::Lorta.Kernels.ILortaKernelSource"))
            {
                foreach ((string type, string name, string value) in Members(model.Spec))
                {
                    writer.WriteLine("/// <inheritdoc/>");
                    writer.WriteLine($"public static {type} {name} => {value};");
                    writer.WriteLine();
                }

                writer.WriteLine("/// <inheritdoc/>");
                writer.WriteLine("public static string Source => \"\"\"");
                writer.WriteLine(string.Concat(KernelEmitter.Emit(model.Spec).TrimEnd('\n').Split('\n').Select(line => $"    {line}\n")) + "    \"\"\";");
            }
        }

        return writer.ToString();
    }

    private static IEnumerable<(string Type, string Name, string Value)> Members(KernelSpec spec) =>
    [
        ("int", "Rank", spec.Rank.ToString(CultureInfo.InvariantCulture)),
        ("bool", "HasHeads", Literal(spec.HasHeads)),
        ("bool", "HasCoefficients", Literal(spec.HasCoefficients)),
        ("bool", "UsesAtomics", Literal(spec.UsesAtomics)),
    ];

    private static string Literal(bool value) => value ? "true" : "false";
}
