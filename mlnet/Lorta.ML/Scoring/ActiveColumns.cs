using Lorta.ML.Columns;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Scoring;

/// <summary>Which columns of a row are asked for: the input's own come first, the model's after them.</summary>
internal sealed class ActiveColumns
{
    private readonly int _inputCount;
    private readonly HashSet<int> _outputs;

    public ActiveColumns(DataViewSchema input, IEnumerable<DataViewSchema.Column> active)
    {
        _inputCount = input.Count;
        DataViewSchema.Column[] columns = [.. active];
        _outputs = [.. columns.Where(column => column.Index >= _inputCount).Select(column => column.Index - _inputCount)];
        Inputs = [.. columns.Where(column => column.Index < _inputCount).Select(column => input[column.Index])];
    }

    /// <summary>The input's columns among them.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>Whether a column of the model is among them.</summary>
    public bool AnyOutput => _outputs.Count > 0;

    public bool Contains(DataViewSchema.Column column, DataViewRow input) => column.Index < _inputCount
        ? input.IsColumnActive(input.Schema[column.Index])
        : _outputs.Contains(column.Index - _inputCount);

    /// <summary>A getter of an active column: the input's own, or one of the model's.</summary>
    /// <exception cref="InvalidOperationException">The column is not active, or holds values of another type.</exception>
    public ValueGetter<T> Getter<T>(DataViewSchema.Column column, DataViewRow input, OutputColumns outputs, Func<ReadOnlyMemory<float>> logits)
    {
        if (column.Index < _inputCount)
        {
            return input.GetGetter<T>(input.Schema[column.Index]);
        }

        if (!_outputs.Contains(column.Index - _inputCount))
        {
            throw Contracts.Except("The column '{0}' is not active: name it when the cursor is made.", column.Name);
        }

        return outputs.Getter(column.Index - _inputCount, logits) as ValueGetter<T>
            ?? throw Contracts.Except("The column '{0}' holds {1}, not {2}.", column.Name, column.Type, typeof(T));
    }
}
