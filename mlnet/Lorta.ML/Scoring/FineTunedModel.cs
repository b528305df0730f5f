using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.ML.Bases;
using Lorta.Models;
using Lorta.Tasks;
using Lorta.Text;
using TorchSharp;

namespace Lorta.ML.Scoring;

/// <summary>An adapter and a head over a base that other models may share.</summary>
internal sealed class FineTunedModel : TextModel
{
    private readonly SharedBase _base;
    private readonly SharedTokenizer _tokenizer;
    private readonly TextClassifier _classifier;
    private readonly Lock _gate = new();
    private int _scoring;
    private bool _disposed;

    /// <summary>Loads an adapter and a head over a base.</summary>
    /// <param name="shared">The base, which the model releases when it is disposed, or when this fails.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="folder">The folder that a <see cref="TextClassifier"/> was saved in.</param>
    /// <param name="outputs">The number of logits.</param>
    /// <exception cref="CheckpointException">The folder is damaged, or was made for a base of other sizes.</exception>
    public FineTunedModel(SharedBase shared, SharedTokenizer tokenizer, string folder, int outputs)
    {
        _base = shared;
        _tokenizer = tokenizer;
        try
        {
            using AdapterFolder stored = AdapterFolder.Open(folder);
            SequenceClassifier model = shared.ModelFor(AdapterMethods.Read(stored.Config), outputs);
            _classifier = TextClassifier.Load(stored, model, tokenizer.Tokenizer);
            _classifier.Adapter.to(shared.Device);
        }
        catch
        {
            shared.Release();
            throw;
        }
    }

    /// <summary>Whether rows share forwards of the base with those that other threads score, of other models too.</summary>
    public bool ScoresTogether { get; set; }

    /// <summary>The folder that the base was loaded from.</summary>
    public string BaseFolder => _base.Folder;

    /// <summary>Writes the adapter, the head and the tokenizer's files into a folder.</summary>
    /// <returns>The names of the tokenizer's files.</returns>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    public IReadOnlyList<string> Save(string folder)
    {
        Enter();
        try
        {
            _classifier.Save(folder);
            return _tokenizer.WriteTo(folder);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<float[]> Score(IReadOnlyList<TextInput> rows)
    {
        Enter();
        try
        {
            TokenizedText[] encoded = [.. rows.Select(_classifier.Encode)];
            return ScoresTogether && !_classifier.Adapter.Method.TrainsBase
                ? _base.Forwards.Score(_classifier, encoded)
                : _classifier.Predict(encoded);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Frees the adapter and the head, once no thread scores with them, and releases the base.</summary>
    public override void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_scoring > 0)
            {
                return;
            }
        }

        Free();
    }

    private void Enter()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(LortaTransformer));
            _scoring++;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_scoring > 0 || !_disposed)
            {
                return;
            }
        }

        Free();
    }

    private void Free()
    {
        _classifier.Dispose();
        _base.Release();
    }
}
