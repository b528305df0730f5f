using Lorta.ML.Columns;
using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Tests.Scoring;

public sealed class DataViewTests : IDisposable
{
    private readonly MLContext _mlContext = new(1);
    private readonly CountingModel _model = new();
    private readonly LortaTransformer _transformer;

    public DataViewTests()
    {
        var names = new OutputNames("PredictedLabel", "Score", "Probability");
        var values = LabelValues.Of(TextDataViewType.Instance, new[] { "long".AsMemory(), "vocal".AsMemory() });
        _transformer = new LortaTransformer(
            _mlContext, _model, new TextColumns("Text", null), new OutputColumns(LortaTask.MulticlassClassification, names, 2, values));
    }

    public void Dispose() => _transformer.Dispose();

    [Fact]
    public void EveryRowHasItsOwnScores()
    {
        Row[] rows = Rows(200);
        Scored[] scored = [.. Score(rows)];
        Assert.Equal(rows.Select(row => row.Id), scored.Select(row => row.Id));
        foreach ((Row row, Scored result) in rows.Zip(scored))
        {
            AssertScores(row.Text, result.Score);
            Assert.Equal(result.Score[0] >= result.Score[1] ? 1u : 2u, result.PredictedLabel);
        }
    }

    [Fact]
    public void RowsAreScoredInBatchesAheadOfTheCursor()
    {
        Assert.Equal(3000, Score(Rows(3000)).Count());
        Assert.Equal(3000, _model.Rows);
        Assert.InRange(_model.Batches, 2, 8);
    }

    [Fact]
    public void RowsThatNobodyAsksForAreNotScored()
    {
        IDataView scored = _transformer.Transform(_mlContext.Data.LoadFromEnumerable(Rows(200)));
        Assert.Equal(200, scored.GetColumn<int>("Id").Count());
        Assert.Equal(0, _model.Rows);

        // A getter that is never called costs nothing either.
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        while (cursor.MoveNext())
        {
        }

        Assert.Equal(0, _model.Rows);
        Assert.Equal(5, _mlContext.Data.TakeRows(scored, 5).GetColumn<uint>("PredictedLabel").Count());
        Assert.InRange(_model.Rows, 5, 100);
    }

    [Fact]
    public void SkippedRowsAreNotScored()
    {
        IDataView scored = _transformer.Transform(_mlContext.Data.LoadFromEnumerable(Rows(1000)));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Text"]]);
        ValueGetter<VBuffer<float>> score = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        ValueGetter<ReadOnlyMemory<char>> text = cursor.GetGetter<ReadOnlyMemory<char>>(scored.Schema["Text"]);
        VBuffer<float> values = default;
        ReadOnlyMemory<char> read = default;
        while (cursor.MoveNext())
        {
            if (cursor.Position % 500 == 70)
            {
                score(ref values);
                text(ref read);
                AssertScores(read.ToString(), values.DenseValues());
            }
        }

        Assert.InRange(_model.Rows, 2, 500);
    }

    [Fact]
    public void ShuffledRowsKeepTheirScores()
    {
        IDataView cached = _mlContext.Data.Cache(_mlContext.Data.LoadFromEnumerable(Rows(300)));
        IDataView scored = _transformer.Transform(cached);
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema, new Random(3));
        ValueGetter<int> id = cursor.GetGetter<int>(scored.Schema["Id"]);
        ValueGetter<VBuffer<float>> score = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        Row[] rows = Rows(300);
        var order = new List<int>();
        VBuffer<float> values = default;
        while (cursor.MoveNext())
        {
            int row = -1;
            id(ref row);
            score(ref values);
            order.Add(row);
            AssertScores(rows[row].Text, values.DenseValues());
        }

        Assert.Equal(Enumerable.Range(0, 300), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 300), order);
    }

    [Fact]
    public void AMissingTextIsAnEmptyOne()
    {
        Scored[] scored = [.. Score([new Row { Text = null! }, new Row { Text = "" }])];
        Assert.Equal(scored[0].Score, scored[1].Score);
    }

    [Fact]
    public void AColumnOfAnotherTypeIsRefusedByName()
    {
        IDataView numbers = _mlContext.Data.LoadFromEnumerable([new { Text = 1f }]);
        IDataView nothing = _mlContext.Data.LoadFromEnumerable([new { Sentence = "a" }]);
        var wrongType = Assert.Throws<ArgumentOutOfRangeException>(() => _transformer.Transform(numbers));
        Assert.Contains("'Text'", wrongType.Message, StringComparison.Ordinal);
        Assert.Contains("String", wrongType.Message, StringComparison.Ordinal);
        Assert.Contains("Single", wrongType.Message, StringComparison.Ordinal);
        Assert.Contains("'Text'", Assert.Throws<ArgumentOutOfRangeException>(() => _transformer.Transform(nothing)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APredictionEngineScoresRowsOneByOne()
    {
        var options = new PredictionEngineOptions { OwnsTransformer = false };
        using PredictionEngine<Row, Scored> engine = _mlContext.Model.CreatePredictionEngine<Row, Scored>(_transformer, options);
        foreach (Row row in Rows(5))
        {
            Scored result = engine.Predict(row);
            AssertScores(row.Text, result.Score);
            Assert.Equal(row.Id, result.Id);
        }

        Assert.Equal(5, _model.Batches);
        Assert.False(_model.IsDisposed);
    }

    [Fact]
    public void AWholeChainMapsRows()
    {
        IDataView input = _mlContext.Data.LoadFromEnumerable(Rows(3));
        ITransformer chain = new TransformerChain<ITransformer>(_transformer, _mlContext.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel").Fit(_transformer.Transform(input)));
        using PredictionEngine<Row, Named> engine = _mlContext.Model.CreatePredictionEngine<Row, Named>(chain, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.Equal("vocal", engine.Predict(new Row { Text = "aeiou" }).Name);
        Assert.Equal("long", engine.Predict(new Row { Text = "xxxxxxxxxxxxxxxxxxxxxxxxxxxx" }).Name);
        Assert.Equal(["Text"], chain.GetRowToRowMapper(input.Schema).GetDependencies([chain.GetOutputSchema(input.Schema)["Name"]]).Select(column => column.Name));
    }

    private static Row[] Rows(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(id => new Row { Id = id, Text = new string([.. random.GetItems("abcdeioux ".AsSpan(), random.Next(40))]) })];
    }

    private static void AssertScores(string text, IEnumerable<float> actual)
    {
        float[] logits = CountingModel.Logits(new TextInput(text, null));
        double sum = logits.Sum(logit => Math.Exp(logit));
        Assert.Equal(logits.Select(logit => Math.Exp(logit) / sum), actual.Select(score => (double)score), (x, y) => Math.Abs(x - y) < 1e-6);
    }

    private IEnumerable<Scored> Score(Row[] rows) =>
        _mlContext.Data.CreateEnumerable<Scored>(_transformer.Transform(_mlContext.Data.LoadFromEnumerable(rows)), reuseRowObject: false);

    private sealed class Row
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";
    }

    private sealed class Scored
    {
        public int Id { get; set; }

        [KeyType(2)]
        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }

    private sealed class Named
    {
        public string Name { get; set; } = "";
    }
}
