using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Scoring;

/// <summary>Walks through the rows of a <see cref="LortaDataView"/>.</summary>
internal sealed class LortaCursor(LortaRowMapper mapper, DataViewRowCursor input, ActiveColumns active, LookAhead? ahead) : DataViewRowCursor
{
    public override DataViewSchema Schema => mapper.OutputSchema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override bool MoveNext() => input.MoveNext();

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column, input);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        active.Getter<TValue>(column, input, mapper.Outputs, () => ahead!.Logits(Position));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ahead?.Dispose();
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
