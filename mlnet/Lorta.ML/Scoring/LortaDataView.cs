using Microsoft.ML;

namespace Lorta.ML.Scoring;

/// <summary>A data view with the model's columns behind its own.</summary>
internal sealed class LortaDataView(LortaRowMapper mapper, IDataView source) : IDataView
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public bool CanShuffle => source.CanShuffle;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = new ActiveColumns(source.Schema, columnsNeeded);

        // The rows and the texts ahead of them are read by two cursors, which a shuffle must give the same order.
        int? order = rand?.Next();
        Random? Order() => order is { } seed ? new Random(seed) : null;
        LookAhead? ahead = active.AnyOutput ? new LookAhead(mapper, source, Order()) : null;
        return new LortaCursor(mapper, source.GetRowCursor(active.Inputs, Order()), active, ahead);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
