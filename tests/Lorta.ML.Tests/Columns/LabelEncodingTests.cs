using Lorta.ML.Columns;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Tests.Columns;

public sealed class LabelEncodingTests
{
    private readonly MLContext _mlContext = new(1);

    [Fact]
    public void TextsAreClassesInTheOrderOfMapValueToKey()
    {
        (LabelEncoding encoding, float[] labels) = Encode(LortaTask.MulticlassClassification, Texts("b", "a", "b", "", "c"));
        IDataView mapped = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(Texts("b", "a", "b", "", "c")).Transform(Texts("b", "a", "b", "", "c"));
        Assert.Equal(3, encoding.Classes);
        Assert.Equal(mapped.GetColumn<uint>("Label").Select(key => key == 0 ? float.NaN : key - 1f), labels);
        Assert.Equal(["b", "a", "c"], Values<ReadOnlyMemory<char>>(encoding).Select(value => value.ToString()));
    }

    [Fact]
    public void KeysKeepTheirOrderAndValues()
    {
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(Texts("b", "a")).Transform(Texts("a", "b", "unknown"));
        (LabelEncoding encoding, float[] labels) = Encode(LortaTask.MulticlassClassification, keys);
        Assert.Equal([1, 0, float.NaN], labels);
        Assert.Equal(["b", "a"], Values<ReadOnlyMemory<char>>(encoding).Select(value => value.ToString()));
    }

    [Fact]
    public void NumbersAreClassesInTheirOrder()
    {
        (LabelEncoding encoding, float[] labels) = Encode(
            LortaTask.MulticlassClassification, _mlContext.Data.LoadFromEnumerable(new[] { 7f, -1, float.NaN, 7, 3 }.Select(label => new { Label = label })));
        Assert.Equal([2, 0, float.NaN, 2, 1], labels);
        Assert.Equal([-1, 3, 7], Values<float>(encoding));

        (LabelEncoding whole, float[] indices) = Encode(
            LortaTask.MulticlassClassification, _mlContext.Data.LoadFromEnumerable(new[] { 20, 10, 20 }.Select(label => new { Label = label })));
        Assert.Equal([1, 0, 1], indices);
        Assert.Equal([10, 20], Values<int>(whole));
    }

    [Fact]
    public void BooleansAreTwoClasses()
    {
        IDataView data = _mlContext.Data.LoadFromEnumerable(new[] { true, false }.Select(label => new { Label = label }));
        Assert.Equal([1, 0], Encode(LortaTask.BinaryClassification, data).Labels);
        (LabelEncoding encoding, float[] labels) = Encode(LortaTask.MulticlassClassification, data);
        Assert.Equal([1, 0], labels);
        Assert.Equal([false, true], Values<bool>(encoding));
    }

    [Fact]
    public void ABinaryLabelIsPositiveAsTheEvaluatorHasIt()
    {
        IDataView numbers = _mlContext.Data.LoadFromEnumerable(new[] { 0, 1, -1, float.NaN }.Select(label => new { Label = label }));
        Assert.Equal([0, 1, 0, float.NaN], Encode(LortaTask.BinaryClassification, numbers).Labels);
        Assert.Equal([1, 0, float.NaN], Encode(LortaTask.BinaryClassification, Texts("yes", "no", "")).Labels);
        IDataView keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(Texts("yes", "no")).Transform(Texts("no", "yes"));
        Assert.Equal([1, 0], Encode(LortaTask.BinaryClassification, keys).Labels);
    }

    [Fact]
    public void ARegressionTakesAnyNumber()
    {
        Assert.Equal([2, -3], Encode(LortaTask.Regression, _mlContext.Data.LoadFromEnumerable(new[] { 2L, -3 }.Select(label => new { Label = label }))).Labels);
        Assert.Equal([0.5f], Encode(LortaTask.Regression, _mlContext.Data.LoadFromEnumerable(new[] { 0.5 }.Select(label => new { Label = label }))).Labels);
    }

    [Fact]
    public void LabelsThatCannotBeLearntAreRefused()
    {
        Assert.Contains("1 class:", Refusal(LortaTask.MulticlassClassification, Texts("a", "a")), StringComparison.Ordinal);
        Assert.Contains("3 values", Refusal(LortaTask.BinaryClassification, Texts("a", "b", "c")), StringComparison.Ordinal);
        Assert.Contains("a number", Refusal(LortaTask.Regression, Texts("a")), StringComparison.Ordinal);
        Assert.Contains("'Label'", Refusal(LortaTask.Regression, _mlContext.Data.LoadFromEnumerable([new { Other = 1f }])), StringComparison.Ordinal);
        Assert.Contains("Vector", Refusal(LortaTask.Regression, _mlContext.Data.LoadFromEnumerable([new { Label = new float[] { 1 } }])), StringComparison.Ordinal);
    }

    [Fact]
    public void AValidationLabelMustBeAmongTheTrainingLabels()
    {
        LabelEncoding encoding = LabelEncoding.Learn(_mlContext, LortaTask.MulticlassClassification, Texts("a", "b"), "Label");
        var error = Assert.Throws<InvalidOperationException>(() => Read(encoding, Texts("a", "c")));
        Assert.Contains("'c'", error.Message, StringComparison.Ordinal);
    }

    private string Refusal(LortaTask task, IDataView data) =>
        Assert.ThrowsAny<Exception>(() => LabelEncoding.Learn(_mlContext, task, data, "Label")).Message;

    private IDataView Texts(params string[] labels) => _mlContext.Data.LoadFromEnumerable(labels.Select(label => new { Label = label }));

    private (LabelEncoding Encoding, float[] Labels) Encode(LortaTask task, IDataView data)
    {
        LabelEncoding encoding = LabelEncoding.Learn(_mlContext, task, data, "Label");
        return (encoding, Read(encoding, data));
    }

    private static float[] Read(LabelEncoding encoding, IDataView data)
    {
        var labels = new List<float>();
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema["Label"]]);
        ValueGetter<float> getter = encoding.Bind(cursor);
        float label = 0;
        while (cursor.MoveNext())
        {
            getter(ref label);
            labels.Add(label);
        }

        return [.. labels];
    }

    private static T[] Values<T>(LabelEncoding encoding)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        encoding.Values!.AddTo(annotations, "KeyValues");
        VBuffer<T> values = default;
        annotations.ToAnnotations().GetValue("KeyValues", ref values);
        return [.. values.DenseValues()];
    }
}
