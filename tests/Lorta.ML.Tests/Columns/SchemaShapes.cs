using System.Reflection;
using Microsoft.ML;

namespace Lorta.ML.Tests.Columns;

/// <summary>Schemas as estimators see them, by ML.NET's own conversion, which is not public.</summary>
internal static class SchemaShapes
{
    private static readonly MethodInfo CreateShape = typeof(SchemaShape).GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Static)!;

    public static SchemaShape Of(DataViewSchema schema) => (SchemaShape)CreateShape.Invoke(null, [schema])!;

    /// <summary>A line for each column, with its type and the types of its annotations.</summary>
    public static IEnumerable<string> Describe(SchemaShape shape) => shape
        .OrderBy(column => column.Name, StringComparer.Ordinal)
        .Select(column => $"{column.Name}: {column.Kind} {column.ItemType}{(column.IsKey ? " key" : "")} [{string.Join("; ", Describe(column.Annotations))}]");
}
