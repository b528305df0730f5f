using Lorta.ML.Columns;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Scoring;

/// <summary>Scores rows of one schema, one at a time.</summary>
internal sealed class LortaRowMapper(
    TextModel model, TextColumns textColumns, OutputColumns outputs, IExceptionContext context, DataViewSchema input) : IRowToRowMapper
{
    public TextModel Model { get; } = model;

    public TextColumns TextColumns { get; } = textColumns;

    /// <summary>The text columns of the input.</summary>
    public IReadOnlyList<DataViewSchema.Column> Texts { get; } = textColumns.Find(context, input);

    public OutputColumns Outputs { get; } = outputs;

    public DataViewSchema InputSchema { get; } = input;

    public DataViewSchema OutputSchema { get; } = outputs.AddTo(input);

    /// <summary>The input's columns that give some columns of the output: themselves, and the texts for the model's.</summary>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var active = new ActiveColumns(InputSchema, dependingColumns);
        return active.AnyOutput ? active.Inputs.UnionBy(Texts, column => column.Index) : active.Inputs;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new ScoredRow(this, input, activeColumns);
}
