using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Scoring;

/// <summary>A row of the input with the model's columns behind its own, scored alone when one of them is first asked for.</summary>
internal sealed class ScoredRow : DataViewRow
{
    private readonly LortaRowMapper _mapper;
    private readonly DataViewRow _input;
    private readonly ActiveColumns _active;
    private readonly Func<TextInput>? _text;
    private float[] _logits = [];
    private long _scored = -1;

    public ScoredRow(LortaRowMapper mapper, DataViewRow input, IEnumerable<DataViewSchema.Column> active)
    {
        _mapper = mapper;
        _input = input;
        _active = new ActiveColumns(mapper.InputSchema, active);
        _text = _active.AnyOutput ? mapper.TextColumns.Bind(input) : null;
    }

    public override DataViewSchema Schema => _mapper.OutputSchema;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column, _input);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        _active.Getter<TValue>(column, _input, _mapper.Outputs, Logits);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private ReadOnlyMemory<float> Logits()
    {
        if (_scored != Position)
        {
            _logits = _mapper.Model.Score([_text!()])[0];
            _scored = Position;
        }

        return _logits;
    }
}
