using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Columns;

/// <summary>The names of the columns that a model adds.</summary>
internal sealed record OutputNames(string PredictedLabel, string Score, string Probability);

/// <summary>The columns that a model adds, as ML.NET's evaluators want them, and their values from a row's logits.</summary>
internal sealed class OutputColumns
{
    private readonly List<Output> _outputs = [];
    private readonly string _columnKind;

    /// <summary>The columns of a trained model.</summary>
    /// <param name="task">Its task.</param>
    /// <param name="names">Their names.</param>
    /// <param name="classes">The number of classes, or 1 for a regression.</param>
    /// <param name="values">What the classes stand for, where that is known.</param>
    public OutputColumns(LortaTask task, OutputNames names, int classes, LabelValues? values)
    {
        switch (task)
        {
            case LortaTask.MulticlassClassification:
                _columnKind = AnnotationUtils.Const.ScoreColumnKind.MulticlassClassification;
                var key = new KeyDataViewType(typeof(uint), classes);
                Add(names.PredictedLabel, key, AnnotationUtils.Const.ScoreValueKind.PredictedLabel, PredictedClass, annotations =>
                    values?.AddTo(annotations, AnnotationUtils.Kinds.KeyValues));
                var scores = new VectorDataViewType(NumberDataViewType.Single, classes);
                Add(names.Score, scores, AnnotationUtils.Const.ScoreValueKind.Score, Probabilities, annotations =>
                {
                    values?.AddTo(annotations, AnnotationUtils.Kinds.TrainingLabelValues);
                    if (values is { AreText: true })
                    {
                        values.AddTo(annotations, AnnotationUtils.Kinds.SlotNames);
                    }
                });
                break;
            case LortaTask.BinaryClassification:
                _columnKind = AnnotationUtils.Const.ScoreColumnKind.BinaryClassification;
                Add(names.PredictedLabel, BooleanDataViewType.Instance, AnnotationUtils.Const.ScoreValueKind.PredictedLabel, IsPositive);
                Add(names.Score, NumberDataViewType.Single, AnnotationUtils.Const.ScoreValueKind.Score, LogOdds);
                Add(names.Probability, NumberDataViewType.Single, AnnotationUtils.Const.ScoreValueKind.Probability, Probability, annotations =>
                    annotations.Add(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, (ref bool value) => value = true));
                break;
            default:
                _columnKind = AnnotationUtils.Const.ScoreColumnKind.Regression;
                Add(names.Score, NumberDataViewType.Single, AnnotationUtils.Const.ScoreValueKind.Score, Value);
                break;
        }
    }

    /// <summary>How many columns there are.</summary>
    public int Count => _outputs.Count;

    /// <summary>The columns that an estimator of the task will add, before it is fitted.</summary>
    public static IEnumerable<SchemaShape.Column> Promised(LortaTask task, OutputNames names, SchemaShape.Column label)
    {
        var plain = new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation());
        var normalized = new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation(isNormalized: true));
        switch (task)
        {
            case LortaTask.MulticlassClassification:
                SchemaShape.Column? values = PromisedValues(label);
                yield return Promised(
                    names.PredictedLabel,
                    NumberDataViewType.UInt32,
                    new([.. plain, .. Named(values, AnnotationUtils.Kinds.KeyValues)]),
                    isKey: true);
                yield return new(
                    names.Score,
                    SchemaShape.Column.VectorKind.Vector,
                    NumberDataViewType.Single,
                    false,
                    new([
                        .. plain,
                        .. Named(values, AnnotationUtils.Kinds.TrainingLabelValues),
                        .. Named(values?.ItemType is TextDataViewType ? values : null, AnnotationUtils.Kinds.SlotNames),
                    ]));
                break;
            case LortaTask.BinaryClassification:
                yield return Promised(names.PredictedLabel, BooleanDataViewType.Instance, plain);
                yield return Promised(names.Score, NumberDataViewType.Single, plain);
                yield return Promised(names.Probability, NumberDataViewType.Single, normalized);
                break;
            default:
                yield return Promised(names.Score, NumberDataViewType.Single, plain);
                break;
        }
    }

    /// <summary>The input's columns with these after them.</summary>
    public DataViewSchema AddTo(DataViewSchema input)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        uint set = AnnotationUtils.GetMaxAnnotationKind(input, out _, AnnotationUtils.Kinds.ScoreColumnSetId) + 1;
        foreach (Output output in _outputs)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.Add(AnnotationUtils.Kinds.ScoreColumnSetId, AnnotationUtils.ScoreColumnSetIdType, (ref uint value) => value = set);
            AddText(annotations, AnnotationUtils.Kinds.ScoreColumnKind, _columnKind);
            AddText(annotations, AnnotationUtils.Kinds.ScoreValueKind, output.Kind);
            output.Annotate?.Invoke(annotations);
            builder.AddColumn(output.Name, output.Type, annotations.ToAnnotations());
        }

        return builder.ToSchema();
    }

    /// <summary>A getter of one of the columns.</summary>
    /// <param name="index">Which, from 0.</param>
    /// <param name="logits">The logits of the present row: one a class, or the value of a regression.</param>
    public Delegate Getter(int index, Func<ReadOnlyMemory<float>> logits) => _outputs[index].Getter(logits);

    private void Add(
        string name,
        DataViewType type,
        string kind,
        Func<Func<ReadOnlyMemory<float>>, Delegate> getter,
        Action<DataViewSchema.Annotations.Builder>? annotate = null) =>
        _outputs.Add(new Output(name, type, kind, getter, annotate));

    private static void AddText(DataViewSchema.Annotations.Builder annotations, string kind, string text) =>
        annotations.Add(kind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = text.AsMemory());

    private static SchemaShape.Column Promised(string name, DataViewType type, SchemaShape annotations, bool isKey = false) =>
        new(name, SchemaShape.Column.VectorKind.Scalar, type, isKey, annotations);

    /// <summary>The key values that the predicted label will have, judged by the label column.</summary>
    private static SchemaShape.Column? PromisedValues(SchemaShape.Column label)
    {
        if (!label.IsKey)
        {
            return new(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, label.ItemType, false);
        }

        return label.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column values) ? values : null;
    }

    private static IEnumerable<SchemaShape.Column> Named(SchemaShape.Column? values, string kind) =>
        values is { } column ? [new(kind, column.Kind, column.ItemType, column.IsKey)] : [];

    private static ValueGetter<uint> PredictedClass(Func<ReadOnlyMemory<float>> logits) =>
        (ref uint value) => value = (uint)TensorPrimitives.IndexOfMax(logits().Span) + 1;

    private static ValueGetter<VBuffer<float>> Probabilities(Func<ReadOnlyMemory<float>> logits) => (ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> row = logits().Span;
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, row.Length);
        TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), editor.Values);
        TensorPrimitives.SoftMax(editor.Values, editor.Values);
        value = editor.Commit();
    };

    private static ValueGetter<bool> IsPositive(Func<ReadOnlyMemory<float>> logits) =>
        (ref bool value) => value = LogOdds(logits().Span) > 0;

    private static ValueGetter<float> LogOdds(Func<ReadOnlyMemory<float>> logits) =>
        (ref float value) => value = LogOdds(logits().Span);

    private static ValueGetter<float> Probability(Func<ReadOnlyMemory<float>> logits) =>
        (ref float value) => value = 1 / (1 + MathF.Exp(-LogOdds(logits().Span)));

    private static ValueGetter<float> Value(Func<ReadOnlyMemory<float>> logits) =>
        (ref float value) => value = logits().Span[0];

    /// <summary>Two classes' logits as one: ln(p / (1 - p)) of the positive class, the second.</summary>
    private static float LogOdds(ReadOnlySpan<float> logits) => logits[1] - logits[0];

    private sealed record Output(
        string Name,
        DataViewType Type,
        string Kind,
        Func<Func<ReadOnlyMemory<float>>, Delegate> Getter,
        Action<DataViewSchema.Annotations.Builder>? Annotate);
}
