using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Columns;

/// <summary>The names of the columns that a model reads.</summary>
/// <param name="Text">The text column.</param>
/// <param name="Pair">The second text column, or null.</param>
internal sealed record TextColumns(string Text, string? Pair)
{
    /// <summary>Checks that an estimator's input has the columns, with the type they need.</summary>
    public void Check(IExceptionContext context, SchemaShape schema)
    {
        foreach (string name in Names)
        {
            if (!schema.TryFindColumn(name, out SchemaShape.Column column))
            {
                throw context.ExceptSchemaMismatch(nameof(schema), "text", name);
            }

            if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.ItemType != TextDataViewType.Instance)
            {
                throw context.ExceptSchemaMismatch(nameof(schema), "text", name, TextDataViewType.Instance.ToString(), column.GetTypeString());
            }
        }
    }

    /// <summary>The columns in the schema of a view, each checked for its type.</summary>
    public IReadOnlyList<DataViewSchema.Column> Find(IExceptionContext context, DataViewSchema schema) => [.. Names.Select(name =>
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw context.ExceptSchemaMismatch(nameof(schema), "text", name);
        return column.Type is TextDataViewType
            ? column
            : throw context.ExceptSchemaMismatch(nameof(schema), "text", name, TextDataViewType.Instance.ToString(), column.Type.ToString());
    })];

    /// <summary>Reads the texts, a missing one as an empty one, of the row that <paramref name="row"/> stands at.</summary>
    public Func<TextInput> Bind(DataViewRow row)
    {
        Func<string> text = Bind(row, Text);
        if (Pair is null)
        {
            return () => new TextInput(text(), null);
        }

        Func<string> pair = Bind(row, Pair);
        return () => new TextInput(text(), pair());
    }

    private IEnumerable<string> Names => Pair is null ? [Text] : [Text, Pair];

    private static Func<string> Bind(DataViewRow row, string name)
    {
        ValueGetter<ReadOnlyMemory<char>> getter = row.GetGetter<ReadOnlyMemory<char>>(row.Schema[name]);
        ReadOnlyMemory<char> value = default;
        return () =>
        {
            getter(ref value);
            return value.ToString();
        };
    }
}
