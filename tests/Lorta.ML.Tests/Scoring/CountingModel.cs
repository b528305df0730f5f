using Lorta.Tasks;
using Lorta.ML.Scoring;

namespace Lorta.ML.Tests.Scoring;

/// <summary>A model whose logits are the length of the text and its number of vowels, and which counts what it is asked.</summary>
internal sealed class CountingModel : TextModel
{
    public int Batches { get; private set; }

    public int Rows { get; private set; }

    public bool IsDisposed { get; private set; }

    public override IReadOnlyList<float[]> Score(IReadOnlyList<TextInput> rows)
    {
        Batches++;
        Rows += rows.Count;
        return [.. rows.Select(Logits)];
    }

    public static float[] Logits(TextInput row) => [row.Text.Length / 10f, row.Text.Count("aeiou".Contains) + (row.Pair?.Length ?? 0)];

    public override void Dispose() => IsDisposed = true;
}
