using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Columns;

/// <summary>What the classes of a classifier stand for: the key values of its predicted label.</summary>
internal abstract class LabelValues
{
    /// <summary>A vector of one value a class.</summary>
    public abstract VectorDataViewType Type { get; }

    /// <summary>Whether the values are texts, which can name the slots of the scores.</summary>
    public bool AreText => Type.ItemType is TextDataViewType;

    /// <summary>The values as text.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>The key values of a key column, or null where it has none.</summary>
    public static LabelValues? OfKeys(DataViewSchema.Column column)
    {
        DataViewSchema.Column? values = column.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues);
        return values is null ? null : Create((VectorDataViewType)values.Value.Type, nameof(LabelValues<>.FromAnnotation), column.Annotations);
    }

    /// <summary>Values in the order of the classes.</summary>
    public static LabelValues Of<T>(PrimitiveDataViewType type, T[] values) =>
        new LabelValues<T>(new VectorDataViewType(type, values.Length), new VBuffer<T>(values.Length, values));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static LabelValues Load(IHostEnvironment env, Stream stream)
    {
        var saver = new BinarySaver(env, new BinarySaver.Arguments());
        return saver.TryLoadTypeAndValue(stream, out DataViewType type, out object values) && type is VectorDataViewType vector
            ? Create(vector, nameof(LabelValues<>.FromObject), values)
            : throw env.ExceptDecode("The model's label values are not of a type that ML.NET knows.");
    }

    /// <summary>Writes the values with their type, as ML.NET does.</summary>
    public abstract void Save(IHostEnvironment env, Stream stream);

    /// <summary>Adds the values as the annotation <paramref name="kind"/>.</summary>
    public abstract void AddTo(DataViewSchema.Annotations.Builder annotations, string kind);

    private static LabelValues Create(VectorDataViewType type, string factory, object source) =>
        (LabelValues)typeof(LabelValues<>).MakeGenericType(type.ItemType.RawType).GetMethod(factory)!.Invoke(null, [type, source])!;
}

/// <inheritdoc/>
/// <typeparam name="T">The type that holds a value.</typeparam>
internal sealed class LabelValues<T>(VectorDataViewType type, VBuffer<T> values) : LabelValues
{
    public override VectorDataViewType Type => type;

    public override IReadOnlyList<string> Names =>
        [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];

    public static LabelValues<T> FromAnnotation(VectorDataViewType type, DataViewSchema.Annotations annotations)
    {
        VBuffer<T> values = default;
        annotations.GetValue(AnnotationUtils.Kinds.KeyValues, ref values);
        return new(type, values);
    }

    public static LabelValues<T> FromObject(VectorDataViewType type, object values) => new(type, (VBuffer<T>)values);

    public override void Save(IHostEnvironment env, Stream stream)
    {
        VBuffer<T> written = values;
        if (!new BinarySaver(env, new BinarySaver.Arguments()).TryWriteTypeAndValue(stream, type, ref written, out _))
        {
            throw env.Except(
                $"The label's values are of the type {type.ItemType}, which ML.NET can't save: map the label to text keys before training.");
        }
    }

    public override void AddTo(DataViewSchema.Annotations.Builder annotations, string kind) =>
        annotations.Add(kind, type, (ref VBuffer<T> target) => values.CopyTo(ref target));
}
