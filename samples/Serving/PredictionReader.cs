using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serving;

/// <summary>Reads a scored data view of any of the three tasks.</summary>
internal static class PredictionReader
{
    public static IEnumerable<Prediction> Read(IDataView scored) => scored.Schema["Score"].Type is VectorDataViewType
        ? ReadClasses(scored)
        : scored.Schema.GetColumnOrNull("Probability") is null
            ? scored.GetColumn<float>("Score").Select(value => new Prediction(null, new Dictionary<string, float> { ["Score"] = value }))
            : scored.GetColumn<float>("Probability").Select(ReadYesOrNo);

    private static IEnumerable<Prediction> ReadClasses(IDataView scored)
    {
        DataViewSchema.Column column = scored.Schema["Score"];
        string[] names = Names(column);
        return scored.GetColumn<float[]>(column).Select(scores => new Prediction(
            names[Array.IndexOf(scores, scores.Max())], names.Zip(scores).ToDictionary(pair => pair.First, pair => pair.Second)));
    }

    private static Prediction ReadYesOrNo(float probability) => new(
        probability > 0.5f ? "true" : "false", new Dictionary<string, float> { ["false"] = 1 - probability, ["true"] = probability });

    /// <summary>The classes' names, where the model knows them, and else their numbers from 1.</summary>
    private static string[] Names(DataViewSchema.Column score)
    {
        if (!score.HasSlotNames())
        {
            return [.. Enumerable.Range(1, ((VectorDataViewType)score.Type).Size).Select(index => $"{index}")];
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}
