using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>RoBERTa with its two-layer classification head.</summary>
[LortaAdapt(Rank = 8, Modes = "heads,layers,qkvp")]
public sealed partial class RobertaForSequenceClassification : SequenceClassifier
{
    [ComponentName(Name = "roberta")]
    private readonly RobertaModel _roberta;

    [ComponentName(Name = "classifier")]
    private readonly RobertaClassificationHead _classifier;

    /// <summary>Creates a model with random weights.</summary>
    /// <param name="config">Sizes and settings of the encoder.</param>
    /// <param name="labels">Number of logits of a row: at least 1.</param>
    public RobertaForSequenceClassification(EncoderConfig config, int labels)
        : this(new RobertaModel(config), labels)
    {
    }

    private RobertaForSequenceClassification(RobertaModel roberta, int labels)
        : base("RobertaForSequenceClassification", roberta.Config, labels)
    {
        _roberta = roberta;
        _classifier = new RobertaClassificationHead(Config, labels);
        RegisterComponents();
        ResetHead();
    }

    /// <inheritdoc/>
    public override string ModelType => "roberta";

    /// <inheritdoc/>
    public override Encoder Encoder => _roberta;

    /// <summary>Computes logits.</summary>
    /// <param name="ids">Token ids [b, s], int64, padded on the right.</param>
    /// <param name="mask">True at tokens, false at padding [b, s]; null where nothing is padded.</param>
    /// <param name="types">Token types [b, s], int64; null where all are 0.</param>
    /// <returns>Logits [b, labels].</returns>
    public override Tensor forward(Tensor ids, Tensor? mask, Tensor? types)
    {
        using DisposeScope scope = NewDisposeScope();
        return Head(_roberta.forward(ids, mask, types)).MoveToOuterDisposeScope();
    }

    internal override Tensor Head(Tensor hidden) => _classifier.forward(hidden);

    private protected override SequenceClassifier NewOverEncoder(int labels)
    {
        var model = new RobertaForSequenceClassification(_roberta, labels);
        model._lortaSites = new(model, Sites);
        return model;
    }
}
