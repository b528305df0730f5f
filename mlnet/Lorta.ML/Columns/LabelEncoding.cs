using System.Numerics;
using System.Reflection;
using Lorta.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Columns;

/// <summary>How the labels of a task become numbers: the index of a class, or the value of a regression. NaN is a missing label.</summary>
internal sealed class LabelEncoding
{
    private readonly string _column;
    private readonly Func<DataViewRow, DataViewSchema.Column, ValueGetter<float>> _bind;

    private LabelEncoding(string column, int classes, LabelValues? values, Func<DataViewRow, DataViewSchema.Column, ValueGetter<float>> bind)
    {
        _column = column;
        _bind = bind;
        Classes = classes;
        Values = values;
    }

    /// <summary>The number of classes; 1 for a regression.</summary>
    public int Classes { get; }

    /// <summary>What the classes stand for, or null where only their order is known.</summary>
    public LabelValues? Values { get; }

    /// <summary>The classes by name, or a regression.</summary>
    public TaskLabels Task => Classes == 1
        ? TaskLabels.Regression
        : TaskLabels.Classes(Values?.Names is { } names && names.Distinct().Count() == Classes
            ? names
            : [.. Enumerable.Range(0, Classes).Select(index => $"{index}")]);

    /// <summary>Finds the label column of an estimator's input, and checks that its type is one that the task can learn.</summary>
    public static SchemaShape.Column Check(IExceptionContext context, LortaTask task, SchemaShape schema, string name)
    {
        if (!schema.TryFindColumn(name, out SchemaShape.Column column))
        {
            throw context.ExceptSchemaMismatch(nameof(schema), "label", name);
        }

        if (column.Kind != SchemaShape.Column.VectorKind.Scalar || !Fits(task, column.ItemType, column.IsKey))
        {
            throw context.ExceptSchemaMismatch(nameof(schema), "label", name, Expected(task), column.GetTypeString());
        }

        return column;
    }

    /// <summary>Finds out what the classes are, reading the label column where its type does not tell.</summary>
    public static LabelEncoding Learn(IExceptionContext context, LortaTask task, IDataView data, string name)
    {
        DataViewSchema.Column column = data.Schema.GetColumnOrNull(name) ?? throw context.ExceptSchemaMismatch(nameof(data), "label", name);
        if (!Fits(task, column.Type, column.Type is KeyDataViewType))
        {
            throw context.ExceptSchemaMismatch(nameof(data), "label", name, Expected(task), column.Type.ToString());
        }

        LabelEncoding encoding = (task, column.Type) switch
        {
            (LortaTask.Regression, _) => new(name, 1, null, BindNumber),
            (_, KeyDataViewType key) => new(name, checked((int)key.Count), LabelValues.OfKeys(column), BindKey),
            (_, BooleanDataViewType) => new(name, 2, LabelValues.Of(BooleanDataViewType.Instance, [false, true]), BindBoolean),
            (_, TextDataViewType) => OfTexts(task, data, column),
            (LortaTask.BinaryClassification, _) => new(name, 2, null, BindSign),
            _ => OfNumbers(data, column),
        };
        if (task == LortaTask.MulticlassClassification && encoding.Classes < 2)
        {
            string count = encoding.Classes == 1 ? "1 class" : $"{encoding.Classes} classes";
            throw context.Except($"The label column '{name}' has {count}: training needs at least two.");
        }

        if (task == LortaTask.BinaryClassification && encoding.Classes != 2)
        {
            throw context.Except(
                $"The label column '{name}' has {encoding.Classes} values, but binary classification needs two: choose multiclass classification.");
        }

        return encoding;
    }

    /// <summary>Reads the number of the label of the row that <paramref name="row"/> stands at.</summary>
    public ValueGetter<float> Bind(DataViewRow row) => _bind(row, row.Schema[_column]);

    private static bool Fits(LortaTask task, DataViewType type, bool isKey) => task == LortaTask.Regression
        ? type is NumberDataViewType && !isKey
        : type is KeyDataViewType or BooleanDataViewType or TextDataViewType or NumberDataViewType;

    private static string Expected(LortaTask task) => task == LortaTask.Regression ? "a number" : "a key, text, Boolean or number";

    private static LabelEncoding OfTexts(LortaTask task, IDataView data, DataViewSchema.Column column)
    {
        // Multiclass: in the order of MapValueToKey's default. Binary: the greater of two values is the positive one.
        IEnumerable<string> distinct = data.GetColumn<ReadOnlyMemory<char>>(column)
            .Where(text => !text.IsEmpty)
            .Select(text => text.ToString())
            .Distinct();
        string[] texts = [.. task == LortaTask.BinaryClassification ? distinct.Order(StringComparer.Ordinal) : distinct];
        var lookup = texts.Index().ToDictionary(pair => pair.Item, pair => pair.Index).GetAlternateLookup<ReadOnlySpan<char>>();
        LabelValues values = LabelValues.Of(TextDataViewType.Instance, Array.ConvertAll(texts, text => text.AsMemory()));
        return new(column.Name, texts.Length, values, (row, label) =>
        {
            ValueGetter<ReadOnlyMemory<char>> getter = row.GetGetter<ReadOnlyMemory<char>>(label);
            ReadOnlyMemory<char> text = default;
            return (ref float value) =>
            {
                getter(ref text);
                value = text.IsEmpty ? float.NaN
                    : lookup.TryGetValue(text.Span, out int index) ? index
                    : throw Unknown(label.Name, text.ToString());
            };
        });
    }

    private static LabelEncoding OfNumbers(IDataView data, DataViewSchema.Column column) =>
        (LabelEncoding)typeof(LabelEncoding).GetMethod(nameof(OfNumbersOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(column.Type.RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [data, column], null)!;

    private static LabelEncoding OfNumbersOf<T>(IDataView data, DataViewSchema.Column column)
        where T : INumber<T>
    {
        T[] numbers = [.. data.GetColumn<T>(column).Where(number => !T.IsNaN(number)).Distinct().Order()];
        Dictionary<T, int> lookup = numbers.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        return new(column.Name, numbers.Length, LabelValues.Of((PrimitiveDataViewType)column.Type, numbers), (row, label) =>
        {
            ValueGetter<T> getter = row.GetGetter<T>(label);
            T number = T.Zero;
            return (ref float value) =>
            {
                getter(ref number);
                value = T.IsNaN(number) ? float.NaN
                    : lookup.TryGetValue(number, out int index) ? index
                    : throw Unknown(label.Name, number.ToString());
            };
        });
    }

    private static ValueGetter<float> BindNumber(DataViewRow row, DataViewSchema.Column label) =>
        RowCursorUtils.GetGetterAs<float>(NumberDataViewType.Single, row, label.Index);

    private static ValueGetter<float> BindKey(DataViewRow row, DataViewSchema.Column label) => RowCursorUtils.GetLabelGetter(row, label.Index);

    private static ValueGetter<float> BindBoolean(DataViewRow row, DataViewSchema.Column label)
    {
        ValueGetter<bool> getter = row.GetGetter<bool>(label);
        bool isPositive = false;
        return (ref float value) =>
        {
            getter(ref isPositive);
            value = isPositive ? 1 : 0;
        };
    }

    /// <summary>As ML.NET's binary evaluator has it: a number above zero is positive.</summary>
    private static ValueGetter<float> BindSign(DataViewRow row, DataViewSchema.Column label)
    {
        ValueGetter<float> getter = BindNumber(row, label);
        return (ref float value) =>
        {
            getter(ref value);
            value = float.IsNaN(value) ? value : value > 0 ? 1 : 0;
        };
    }

    private static Exception Unknown(string column, string? value) => Contracts.Except(
        $"The label column '{column}' of the validation set has the value '{value}', which no training row has: remove its rows, or add some " +
        "to the training set.");
}
