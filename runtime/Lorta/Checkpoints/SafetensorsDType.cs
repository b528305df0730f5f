using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>The element types that the format and libtorch share.</summary>
/// <param name="Name">The type's name in a header.</param>
/// <param name="Type">The type's name in libtorch.</param>
/// <param name="Size">Bytes of one element.</param>
internal readonly record struct SafetensorsDType(string Name, ScalarType Type, int Size)
{
    /// <summary>In the reference writer's order: it lays tensors out by descending alignment.</summary>
    public static readonly IReadOnlyList<SafetensorsDType> All =
    [
        new("I64", ScalarType.Int64, 8),
        new("F64", ScalarType.Float64, 8),
        new("F32", ScalarType.Float32, 4),
        new("I32", ScalarType.Int32, 4),
        new("BF16", ScalarType.BFloat16, 2),
        new("F16", ScalarType.Float16, 2),
        new("I8", ScalarType.Int8, 1),
        new("U8", ScalarType.Byte, 1),
        new("BOOL", ScalarType.Bool, 1),
    ];

    private static readonly Dictionary<string, SafetensorsDType> ByName = All.ToDictionary(dtype => dtype.Name);
    private static readonly Dictionary<ScalarType, int> Ranks = All.Select((dtype, rank) => (dtype.Type, rank)).ToDictionary();

    public static string Names => string.Join(", ", All.Select(dtype => dtype.Name));

    public static bool TryParse(string name, out SafetensorsDType dtype) => ByName.TryGetValue(name, out dtype);

    /// <summary>The place of <paramref name="type"/> in <see cref="All"/>, or -1 where the format lacks it.</summary>
    public static int RankOf(ScalarType type) => Ranks.GetValueOrDefault(type, -1);

    public static SafetensorsDType Of(ScalarType type) => All[Ranks[type]];
}
