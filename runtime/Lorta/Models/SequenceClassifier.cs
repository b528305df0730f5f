using System.Text.Json;
using Lorta.Adapters;
using Lorta.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>
/// A text encoder with a head that gives one row of logits for a text or a pair of texts; with one label it is a regression.
/// </summary>
public abstract class SequenceClassifier : Module<Tensor, Tensor?, Tensor?, Tensor>, IAdaptable
{
    private bool _ownsEncoder = true;

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
    public abstract AdapterSites Sites { get; }

    /// <summary>The configuration's <c>model_type</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>
    /// Loads a checkpoint, in evaluation mode. Where it has no classification head, the head starts with new weights from
    /// torch's generator. Weights that are stored as float32 become views of the mapped file, which is never written.
    /// </summary>
    /// <param name="folder">A model folder in the Hugging Face layout.</param>
    /// <param name="labels">Number of labels, or null for as many as the configuration names (2 where it names none).</param>
    /// <param name="newHead">Whether the classifier starts anew even where the checkpoint has one.</param>
    /// <returns>The model, in float32 on the CPU.</returns>
    /// <exception cref="CheckpointException">The folder is no checkpoint of a supported model, or its head has another number of labels.</exception>
    public static SequenceClassifier Load(string folder, int? labels = null, bool newHead = false)
    {
        using PretrainedFolder checkpoint = PretrainedFolder.Open(folder);
        EncoderConfig config = EncoderConfigFields.Read(checkpoint.Config);
        int count = labels ?? LabelNames(checkpoint.Config)?.Count ?? 2;
        SequenceClassifier model = checkpoint.ModelType switch
        {
            "bert" => new BertForSequenceClassification(config, count),
            "roberta" => new RobertaForSequenceClassification(config, count),
            string other => throw new CheckpointException(
                $"{checkpoint.Config.FilePath}: the model_type is '{other}', and only bert and roberta are supported."),
        };
        string prefix = model.Encoder.GetName() + ".";
        bool bare = !checkpoint.TensorNames.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
        string Stored(string name)
        {
            string stored = model.CheckpointName(name);
            return bare && stored.StartsWith(prefix, StringComparison.Ordinal) ? stored[prefix.Length..] : stored;
        }

        checkpoint.LoadInto(model, name => newHead && IsClassifier(name) ? null : Stored(name), model.IsHead, inPlace: true);
        model.eval();
        return model;
    }

    /// <summary>The labels that a checkpoint's configuration names, in the order of the logits.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns>The names, or null where it has none.</returns>
    public static IReadOnlyList<string>? LabelNames(JsonFile config) =>
        config.Root.TryGetProperty("id2label", out JsonElement labels) && labels.ValueKind == JsonValueKind.Object
            ? [.. labels.EnumerateObject().Select(label => label.Value.ToString())]
            : null;

    /// <summary>How many labels a stored head has, by the shapes of tensors with checkpoints' names; null where there is no head.</summary>
    internal static int? StoredLabelCount(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        shapes.TryGetValue("classifier.out_proj.weight", out IReadOnlyList<long>? shape) || shapes.TryGetValue("classifier.weight", out shape)
            ? (int)shape[0]
            : null;

    /// <summary>Writes the model as a Hugging Face folder: <c>config.json</c> and <c>model.safetensors</c>, merged where an adapter is.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="labels">The labels' names in the order of the logits.</param>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public void Save(string folder, IReadOnlyList<string> labels)
    {
        PretrainedFolder.Write(
            folder,
            EncoderConfigFields.Write(Config, ModelType, GetType().Name, labels),
            state_dict().Select(entry => KeyValuePair.Create(CheckpointName(entry.Key), entry.Value)));
    }

    /// <summary>
    /// A model that has this one's encoder, the very same, and a head of its own: the pretrained parts of this head, copied,
    /// and a new classifier. Disposing it leaves the encoder to this one.
    /// </summary>
    /// <param name="labels">Number of logits of a row: at least 1.</param>
    /// <returns>The model, in evaluation mode.</returns>
    public SequenceClassifier WithNewHead(int labels)
    {
        SequenceClassifier model = NewOverEncoder(labels);
        model._ownsEncoder = false;
        using IDisposable noGrad = no_grad();
        foreach (((_, Parameter source), (string name, Parameter target)) in HeadParameters().Zip(model.HeadParameters()))
        {
            if (!IsClassifier(name))
            {
                target.copy_(source);
            }
        }

        model.eval();
        return model;
    }

    /// <summary>
    /// The parameters of the head by their checkpoint names: all that stands between the encoder's layers and the logits.
    /// </summary>
    /// <returns>Names and parameters, in a fixed order.</returns>
    public IEnumerable<(string Name, Parameter Parameter)> HeadParameters() =>
        named_parameters().Where(entry => IsHead(entry.name)).Select(entry => (CheckpointName(entry.name), entry.parameter));

    /// <summary>Computes logits from what the encoder gives.</summary>
    /// <param name="hidden">The last layer's hidden states [b, s, d].</param>
    /// <returns>Logits [b, labels].</returns>
    internal abstract Tensor Head(Tensor hidden);

    /// <summary>Gives the head new weights: normal with the configuration's range, zero biases, from torch's generator.</summary>
    public void ResetHead()
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Parameter parameter) in HeadParameters().Where(entry => IsClassifier(entry.Name)))
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

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_ownsEncoder)
        {
            base.Dispose(disposing);
        }
        else if (disposing)
        {
            foreach ((_, Parameter parameter) in HeadParameters())
            {
                parameter.Dispose();
            }
        }
    }

    /// <summary>A model of the same class over this one's encoder.</summary>
    private protected abstract SequenceClassifier NewOverEncoder(int labels);

    /// <summary>The name that checkpoints give a parameter.</summary>
    private protected virtual string CheckpointName(string name) => name;

    /// <summary>Whether a parameter, by its name in the module, belongs to the head, a pretrained pooler included.</summary>
    private bool IsHead(string name) => !name.StartsWith(Encoder.GetName() + ".", StringComparison.Ordinal);

    private protected static Tensor Drop(Tensor input, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(input, probability, training: true) : input;

    private protected double HeadDropout => Config.HeadDropout ?? Config.HiddenDropout;

    private static bool IsClassifier(string name) => name.StartsWith("classifier.", StringComparison.Ordinal);
}
