using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>BERT with its pooler and a linear classifier.</summary>
[LortaAdapt(Rank = 8, Modes = "heads,layers,qkvp")]
public sealed partial class BertForSequenceClassification : SequenceClassifier
{
    [ComponentName(Name = "bert")]
    private readonly BertModel _bert;

    [ComponentName(Name = "pooler")]
    private readonly BertPooler _pooler;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    /// <summary>Creates a model with random weights.</summary>
    /// <param name="config">Sizes and settings of the encoder.</param>
    /// <param name="labels">Number of logits of a row: at least 1.</param>
    public BertForSequenceClassification(EncoderConfig config, int labels)
        : this(new BertModel(config), labels)
    {
    }

    private BertForSequenceClassification(BertModel bert, int labels)
        : base("BertForSequenceClassification", bert.Config, labels)
    {
        _bert = bert;
        _pooler = new BertPooler(Config);
        _classifier = Linear(Config.Width, labels);
        RegisterComponents();
        ResetHead();
    }

    /// <inheritdoc/>
    public override string ModelType => "bert";

    /// <inheritdoc/>
    public override Encoder Encoder => _bert;

    /// <summary>The pooler between the encoder and the classifier.</summary>
    public BertPooler Pooler => _pooler;

    /// <summary>Computes logits.</summary>
    /// <param name="ids">Token ids [b, s], int64, padded on the right.</param>
    /// <param name="mask">True at tokens, false at padding [b, s]; null where nothing is padded.</param>
    /// <param name="types">Token types [b, s], int64; null where all are 0.</param>
    /// <returns>Logits [b, labels].</returns>
    public override Tensor forward(Tensor ids, Tensor? mask, Tensor? types)
    {
        using DisposeScope scope = NewDisposeScope();
        return Head(_bert.forward(ids, mask, types)).MoveToOuterDisposeScope();
    }

    internal override Tensor Head(Tensor hidden) => _classifier.forward(Drop(_pooler.forward(hidden), HeadDropout, training));

    private protected override SequenceClassifier NewOverEncoder(int labels)
    {
        var model = new BertForSequenceClassification(_bert, labels);
        model._lortaSites = new(model, Sites);
        return model;
    }

    /// <summary>Checkpoints have the pooler inside the encoder.</summary>
    private protected override string CheckpointName(string name) =>
        name.StartsWith("pooler.", StringComparison.Ordinal) ? "bert." + name : name;
}
