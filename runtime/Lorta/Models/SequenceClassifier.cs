using Lorta.Adapters;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>
/// A text encoder with a head that gives one row of logits for a text or a pair of texts; with one label it is a regression.
/// </summary>
public abstract class SequenceClassifier : Module<Tensor, Tensor?, Tensor?, Tensor>, IAdaptable
{
    private protected SequenceClassifier(string name, EncoderConfig config, int labels)
        : base(name)
    {
        Config = config;
        LabelCount = labels > 0 ? labels : throw new ArgumentOutOfRangeException(nameof(labels), $"{labels} labels: at least 1 is needed.");
    }

    /// <summary>Sizes and settings of the encoder.</summary>
    public EncoderConfig Config { get; }

    /// <summary>Number of logits of a row; 1 for regression.</summary>
    public int LabelCount { get; }

    /// <summary>The encoder below the head.</summary>
    public abstract Encoder Encoder { get; }

    /// <summary>Where adapters act in this model.</summary>
    public virtual AdapterSites Sites => throw new NotSupportedException($"{GetType().Name} is not annotated.");

    /// <summary>
    /// The parameters of the head by their checkpoint names: all that stands between the encoder's layers and the logits.
    /// </summary>
    /// <returns>Names and parameters, in a fixed order.</returns>
    public IEnumerable<(string name, Parameter parameter)> HeadParameters() => named_parameters().Where(entry => IsHead(entry.name));

    /// <summary>Gives the head new weights: normal with the configuration's range, zero biases, from torch's generator.</summary>
    public void ResetHead()
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Parameter parameter) in HeadParameters().Where(entry => IsClassifier(entry.name)))
        {
            if (name.EndsWith(".bias", StringComparison.Ordinal))
            {
                init.zeros_(parameter);
            }
            else
            {
                init.normal_(parameter, 0, Config.InitializerRange);
            }
        }
    }

    /// <summary>Whether a parameter belongs to the head, the pretrained pooler included.</summary>
    private protected virtual bool IsHead(string name) => IsClassifier(name);

    private protected static Tensor Drop(Tensor input, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(input, probability, training: true) : input;

    private protected double HeadDropout => Config.HeadDropout ?? Config.HiddenDropout;

    private static bool IsClassifier(string name) => name.StartsWith("classifier.", StringComparison.Ordinal);
}
