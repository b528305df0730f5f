using Lorta.ML.Columns;
using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Fitting;

/// <summary>Reads the rows of a data view into memory.</summary>
internal static class RowReader
{
    /// <summary>The rows that have a label.</summary>
    /// <exception cref="InvalidOperationException">No row has one.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TextExample[] Read(
        IHost host, IChannel channel, IDataView data, TextColumns texts, LabelEncoding labels, string labelColumn, CancellationToken cancellation)
    {
        var examples = new List<TextExample>();
        long missing = 0;
        DataViewSchema.Column label = data.Schema[labelColumn];
        using DataViewRowCursor cursor = data.GetRowCursor(texts.Find(host, data.Schema).Append(label).DistinctBy(column => column.Index));
        Func<TextInput> input = texts.Bind(cursor);
        ValueGetter<float> labelGetter = labels.Bind(cursor);
        float value = 0;
        while (cursor.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            labelGetter(ref value);
            if (float.IsNaN(value))
            {
                missing++;
            }
            else
            {
                examples.Add(new TextExample(input(), value));
            }
        }

        if (missing > 0)
        {
            channel.Warning("{0} rows have no label in the column '{1}' and are left out.", missing, labelColumn);
        }

        return examples.Count > 0
            ? [.. examples]
            : throw host.Except($"No row has a label in the column '{labelColumn}': give at least one row with a label.");
    }
}
