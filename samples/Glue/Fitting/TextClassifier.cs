using Glue.Data;
using Lorta.Adapters;
using Lorta.Models;
using Lorta.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>A classification model with its tokenizer and, where there is one, an adapter.</summary>
internal sealed class TextClassifier(SequenceClassifier model, TextTokenizer tokenizer, int maxLength) : IDisposable
{
    public SequenceClassifier Model { get; } = model;

    public TextTokenizer Tokenizer { get; } = tokenizer;

    /// <summary>Tokens of a row, special ones included; what is longer is cut.</summary>
    public int MaxLength { get; } = maxLength;

    /// <summary>The adapter that is active in every forward; null for the plain model.</summary>
    public Adapter? Adapter { get; set; }

    public TokenizedText Tokenize(Example example) => Tokenize(example.Text, example.Pair);

    public TokenizedText Tokenize(string text, string? pair) => Tokenizer.Encode(text, pair, MaxLength);

    /// <summary>Runs the model on a batch of rows.</summary>
    /// <returns>Logits [b, labels].</returns>
    public Tensor Logits(IReadOnlyList<TokenizedText> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        using TokenBatch batch = TokenBatch.Collate(rows, Tokenizer.PadId);
        using AdapterScope? active = Adapter?.Use();
        return Model.forward(batch.InputIds, batch.AttentionMask, batch.TokenTypeIds).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Adapter?.Dispose();
        Model.Dispose();
    }
}
