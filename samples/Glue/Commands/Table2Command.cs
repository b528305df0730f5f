using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Glue.Reproduction;
using Lorta.Checkpoints;
using Lorta.Models;

namespace Glue.Commands;

/// <summary><c>reproduce table2</c>: how many numbers each choice of modes saves.</summary>
internal static class Table2Command
{
    private const int DefaultRank = 8;

    public static Command Create()
    {
        Option<string> model = CommonOptions.Model();
        Option<int?> layers = CheckedOption.WholeNumber("--layers", "Layers of a model that need not be there; with --width and --heads.", 1);
        Option<int?> width = CheckedOption.WholeNumber("--width", "Its width.", 1);
        Option<int?> heads = CheckedOption.WholeNumber("--heads", "Its heads.", 1);
        Option<int?> rank = CheckedOption.WholeNumber("--rank", $"LoRA's rank [default: {DefaultRank}].", 1);
        Option<string?> json = CommonOptions.Json();
        var command = new Command("table2", "Count what each choice of LoRTA's modes saves of LoRA's numbers, by formula and by attaching.")
        {
            model, layers, width, heads, rank, json,
        };
        command.SetAction(result =>
        {
            int?[] sizes = [result.GetValue(layers), result.GetValue(width), result.GetValue(heads)];
            Table2 table = sizes switch
            {
                [null, null, null] => OfModel(result.GetRequiredValue(model), result.GetValue(rank) ?? DefaultRank),
                [{ }, { }, { }] when result.GetResult(model) is { Implicit: false } =>
                    throw new InputException("--model or --layers, --width and --heads: give one or the others."),
                [{ } l, { } d, { } h] => OfSizes(l, d, h, result.GetValue(rank) ?? DefaultRank),
                _ => throw new InputException("--layers, --width and --heads go together: give all three, or none."),
            };
            if (result.GetValue(json) is { } path)
            {
                JsonFile.Write(path, RunReport.ToJson(table));
            }

            table.Print();
            Console.WriteLine(
                $"L = {table.Layout.Layers}, d = {table.Layout.Width}, H = {table.Layout.Heads}; same total rank: that of LoRA's {4 * table.Layout.Layers} matrices of rank {table.Rank} together.");
        });
        return command;
    }

    private static Table2 OfModel(string model, int rank)
    {
        using SequenceClassifier classifier = SequenceClassifier.Load(BaseModel.Folder(model), newHead: true);
        return Table2.Of(classifier, rank);
    }

    private static Table2 OfSizes(int layers, int width, int heads, int rank)
    {
        if (width % heads != 0)
        {
            throw new InputException($"--heads {heads} do not divide --width {width}.");
        }

        using var sizes = new AttentionSizes(new(layers, heads, heads, width / heads, width));
        return Table2.Of(sizes, rank);
    }
}
