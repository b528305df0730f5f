using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;

namespace Lorta.Generators.Emit;

/// <summary>Writes a typed adapter: the factors that the modes have, and the updates by layer and matrix.</summary>
internal static class AdapterEmitter
{
    public static void Write(SourceWriter writer, ModelInfo model)
    {
        Matrices matrices = model.Structure.Matrices & model.Settings.Targets;
        string name = model.AdapterName;
        writer.WriteLine($"/// <summary>A LoRTA adapter of <see cref=\"{model.Type.CrefName}\"/>, with the modes of its annotation.</summary>");
        using (writer.Block($"{model.Type.Accessibility} sealed class {name} : global::Lorta.Adapters.LortaAdapter"))
        {
            if (model.Structure.Sizes is { } sizes)
            {
                writer.WriteLine("/// <summary>How many numbers an adapter with the annotation's options trains.</summary>");
                writer.WriteLine($"public const long TrainableNumbers = {ModelSizes.Expression(model.Settings, model.Structure.Matrices, sizes)};");
                writer.WriteLine();
            }

            using (writer.Block($"internal {name}(global::Lorta.Adapters.AdapterSites sites, global::Lorta.Adapters.LortaOptions options, string name)\n    : base(sites, options.Require({Modes(model)}), name)"))
            {
                writer.WriteLine("Layers = [.. global::System.Linq.Enumerable.Select(global::System.Linq.Enumerable.Range(0, sites.Layout.Layers), index => new Layer(this, index))];");
            }

            writer.WriteLine();
            writer.WriteLine("/// <summary>The updates, layer by layer.</summary>");
            writer.WriteLine("public global::System.Collections.Generic.IReadOnlyList<Layer> Layers { get; }");
            foreach ((string property, string factor, string summary) in Factors(model.Settings.Modes))
            {
                writer.WriteLine();
                writer.WriteLine($"/// <summary>{summary}</summary>");
                writer.WriteLine($"public global::TorchSharp.Modules.Parameter {property} => Factor(global::Lorta.Adapters.LortaFactor.{factor});");
            }

            writer.WriteLine();
            WriteLayer(writer, name, matrices);
        }
    }

    private static void WriteLayer(SourceWriter writer, string name, Matrices matrices)
    {
        writer.WriteLine("/// <summary>The updates of one layer.</summary>");
        using (writer.Block("public readonly struct Layer"))
        {
            writer.WriteLine($"private readonly {name} _adapter;");
            writer.WriteLine("private readonly int _index;");
            writer.WriteLine();
            writer.WriteLine($"internal Layer({name} adapter, int index) => (_adapter, _index) = (adapter, index);");
            foreach (Matrices matrix in new[] { Matrices.Query, Matrices.Key, Matrices.Value, Matrices.Output }.Where(matrix => (matrices & matrix) != 0))
            {
                writer.WriteLine();
                writer.WriteLine($"/// <summary>The update of the {matrix.ToString().ToLowerInvariant()} projection.</summary>");
                writer.WriteLine($"public global::Lorta.Adapters.MatrixUpdate {matrix} => new(_adapter, _index, global::Lorta.AttentionMatrix.{matrix});");
            }
        }
    }

    private static IEnumerable<(string Property, string Factor, string Summary)> Factors(Modes modes)
    {
        string leading = ((modes & Models.Modes.Layers) == 0 ? "L, " : string.Empty) + ((modes & Models.Modes.Qkvp) == 0 ? "M, " : string.Empty);
        string ofLayers = (modes & Models.Modes.Qkvp) == 0 ? "M, " : string.Empty;
        string ofMatrices = (modes & Models.Modes.Layers) == 0 ? "L, " : string.Empty;
        bool heads = (modes & Models.Modes.Heads) != 0;
        yield return ("A", "A", $"The factor A [{leading}d, r].");
        yield return ("B", "B", $"The factor B [{leading}{(heads ? "d/H" : "d")}, r].");
        if (heads)
        {
            yield return ("HeadFactor", "Head", $"The factor C_H of heads [{leading}H, r].");
        }

        if ((modes & Models.Modes.Layers) != 0)
        {
            yield return ("LayerFactor", "Layer", $"The factor C_L of layers [{ofLayers}L, r].");
        }

        if ((modes & Models.Modes.Qkvp) != 0)
        {
            yield return ("MatrixFactor", "Matrix", $"The factor C_M of matrices [{ofMatrices}M, r].");
        }
    }

    private static string Modes(ModelInfo model) => WiringEmitter.Flags("global::Lorta.LortaModes", model.Settings.Modes);
}
