using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>What a safetensors header says of one tensor.</summary>
/// <param name="DType">The element type in the file.</param>
/// <param name="Shape">The size of each dimension; empty for a scalar.</param>
/// <param name="Offset">Where the tensor's first byte stands, counted from the start of the file.</param>
/// <param name="Length">The tensor's size in bytes: the product of its shape times the element size.</param>
public sealed record SafetensorsEntry(ScalarType DType, IReadOnlyList<long> Shape, long Offset, long Length);
