using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Scoring;

/// <summary>Reads the texts of a view one batch ahead of the rows that are asked for, and scores them together.</summary>
internal sealed class LookAhead : IDisposable
{
    // The first batch is small, for those who only look at some rows; larger ones hold more rows of similar length.
    private const int FirstBatch = 64;
    private const int LargestBatch = 1024;

    private readonly LortaRowMapper _mapper;
    private readonly DataViewRowCursor _cursor;
    private readonly Func<TextInput> _text;
    private IReadOnlyList<float[]> _logits = [];
    private long _first;

    public LookAhead(LortaRowMapper mapper, IDataView source, Random? order)
    {
        _mapper = mapper;
        _cursor = source.GetRowCursor(mapper.Texts, order);
        _text = mapper.TextColumns.Bind(_cursor);
    }

    /// <summary>The logits of the row at a position, which never goes back. Rows that nobody asks for are passed by unscored.</summary>
    public ReadOnlyMemory<float> Logits(long position)
    {
        if (position >= _first + _logits.Count)
        {
            ScoreFrom(position);
        }

        return _logits[(int)(position - _first)];
    }

    public void Dispose() => _cursor.Dispose();

    private void ScoreFrom(long position)
    {
        while (_cursor.Position < position)
        {
            if (!_cursor.MoveNext())
            {
                throw Contracts.Except("The input gave fewer rows when its texts were read: give a data view that has the same rows each time.");
            }
        }

        int batch = Math.Clamp(2 * _logits.Count, FirstBatch, LargestBatch);
        List<TextInput> rows = [_text()];
        while (rows.Count < batch && _cursor.MoveNext())
        {
            rows.Add(_text());
        }

        _logits = _mapper.Model.Score(rows);
        _first = position;
    }
}
