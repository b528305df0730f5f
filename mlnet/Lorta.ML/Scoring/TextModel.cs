using Lorta.Tasks;

namespace Lorta.ML.Scoring;

/// <summary>A trained model of texts, which many threads may use at once.</summary>
internal abstract class TextModel : IDisposable
{
    /// <summary>The logits of each row, in the order given.</summary>
    public abstract IReadOnlyList<float[]> Score(IReadOnlyList<TextInput> rows);

    /// <summary>Frees native memory.</summary>
    public abstract void Dispose();
}
