using System.Text.Json.Nodes;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Models;
using Lorta.Text;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using JsonFile = Lorta.Checkpoints.JsonFile;

namespace Lorta.Tasks;

/// <summary>
/// A pretrained model with its tokenizer, an adapter and a head for one task: what fine-tuning trains and what predicts afterwards.
/// The base's own numbers are frozen.
/// </summary>
/// <remarks>Predicting is safe from several threads, also where they use other adapters on the same base.</remarks>
public sealed class TextClassifier : IDisposable
{
    private const string HeadPrefix = "head.";

    /// <summary>Joins the parts; they are disposed with it.</summary>
    /// <param name="model">The model, whose head the task trains.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="labels">What is predicted: as many as the model has logits.</param>
    /// <param name="maxLength">The most tokens of a row, special ones included: at most what the model has positions for.</param>
    /// <param name="attach">Attaches the adapter to the model, whose base is frozen by then.</param>
    /// <exception cref="ArgumentException">The parts do not fit each other.</exception>
    public TextClassifier(
        SequenceClassifier model, TextTokenizer tokenizer, TaskLabels labels, int maxLength, Func<IAdaptable, Adapter> attach)
    {
        if (labels.Count != model.LabelCount)
        {
            throw new ArgumentException($"The task has {labels.Count} labels, and the model {model.LabelCount} logits.", nameof(labels));
        }

        if (maxLength < 1 || maxLength > model.Encoder.MaxTokens)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxLength), $"The maximum length is {maxLength}: choose one from 1 to the model's {model.Encoder.MaxTokens} positions.");
        }

        if (tokenizer.VocabularySize > model.Config.VocabularySize)
        {
            throw new ArgumentException(
                $"The tokenizer has {tokenizer.VocabularySize} tokens, and the model embeds {model.Config.VocabularySize}: they are not of one checkpoint.",
                nameof(tokenizer));
        }

        (Model, Tokenizer, Labels, MaxLength) = (model, tokenizer, labels, maxLength);
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        foreach ((_, Parameter parameter) in model.HeadParameters())
        {
            parameter.requires_grad = true;
        }

        Adapter = attach(model);
    }

    /// <summary>The model.</summary>
    public SequenceClassifier Model { get; }

    /// <summary>Its tokenizer.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>What is predicted.</summary>
    public TaskLabels Labels { get; }

    /// <summary>The most tokens of a row, special ones included.</summary>
    public int MaxLength { get; }

    /// <summary>The adapter.</summary>
    public Adapter Adapter { get; }

    /// <summary>A pretrained model with a new adapter and a new head.</summary>
    /// <param name="folder">The model's folder in the Hugging Face layout, with its tokenizer.</param>
    /// <param name="labels">What is predicted.</param>
    /// <param name="method">What the adapter is.</param>
    /// <param name="maxLength">The most tokens of a row; null for as many as the model has positions for.</param>
    /// <param name="seed">Fixes the start of head and adapter.</param>
    /// <param name="device">Where it computes; null for the CPU.</param>
    /// <returns>The classifier.</returns>
    /// <exception cref="CheckpointException">The folder is no checkpoint of a supported model.</exception>
    /// <exception cref="TokenizerException">The folder has no tokenizer of a supported kind.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    public static TextClassifier Create(string folder, TaskLabels labels, AdapterMethod method, int? maxLength = null, long seed = 0, Device? device = null)
    {
        manual_seed(seed).Dispose();
        SequenceClassifier model = SequenceClassifier.Load(folder, labels.Count, newHead: true);
        try
        {
            // Moved before the adapter comes: a move replaces parameters, and some methods hold those of the base.
            model.to(device ?? CPU);
            var classifier = new TextClassifier(
                model, TextTokenizer.Load(folder), labels, maxLength ?? model.Encoder.MaxTokens, adaptable => method.Attach(adaptable));
            classifier.Adapter.to(classifier.Device);
            return classifier;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Loads an adapter folder onto its base: what <see cref="Save"/> wrote, or what PEFT or LoRTA's authors did. These do not
    /// name the labels, which are LABEL_0, LABEL_1, ... then.
    /// </summary>
    /// <param name="adapterFolder">The adapter's folder.</param>
    /// <param name="baseFolder">The base model's folder.</param>
    /// <returns>The classifier.</returns>
    /// <exception cref="CheckpointException">A folder is damaged or asks for what is not supported, or the adapter was made for a base of other sizes.</exception>
    /// <exception cref="TokenizerException">The base has no tokenizer of a supported kind.</exception>
    public static TextClassifier Load(string adapterFolder, string baseFolder)
    {
        using AdapterFolder stored = AdapterFolder.Open(adapterFolder);
        TaskLabels labels = ReadLabels(stored);
        SequenceClassifier model = SequenceClassifier.Load(baseFolder, labels.Count, newHead: true);
        try
        {
            return Load(stored, model, TextTokenizer.Load(baseFolder));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Puts a stored adapter and head onto a model that is loaded already.</summary>
    /// <param name="stored">The adapter's folder.</param>
    /// <param name="model">The model, with as many logits as the stored task has labels.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="name">The adapter's name on the model.</param>
    /// <returns>The classifier.</returns>
    /// <exception cref="CheckpointException">The folder is damaged or asks for what is not supported, or the adapter was made for a base of other sizes.</exception>
    public static TextClassifier Load(AdapterFolder stored, SequenceClassifier model, TextTokenizer tokenizer, string name = "default")
    {
        Dictionary<string, Parameter> head = model.HeadParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        if (!PeftFolder.IsPeft(stored))
        {
            int maxLength = stored.Config.GetObject("task").GetInt32("max_length", min: 1);
            return new TextClassifier(model, tokenizer, ReadLabels(stored), maxLength, adaptable =>
            {
                Adapter adapter = Adapter.Load(adaptable, stored, name);
                try
                {
                    stored.Fill(HeadPrefix, head.ToDictionary(entry => entry.Key, entry => (Tensor)entry.Value));
                    return adapter;
                }
                catch
                {
                    adapter.Dispose();
                    throw;
                }
            });
        }

        PeftFolder peft = PeftFolder.Of(stored);
        var classifier = new TextClassifier(
            model, tokenizer, ReadLabels(stored), model.Encoder.MaxTokens, adaptable => PeftAdapters.Load(adaptable, peft, head, name));

        // What the folder does not have was not trained, and is not to be.
        foreach ((_, Parameter parameter) in head.Where(entry => !peft.Shapes.ContainsKey(entry.Key)))
        {
            parameter.requires_grad = false;
        }

        return classifier;
    }

    /// <summary>Turns a text or a pair into token ids.</summary>
    /// <param name="input">The text or the pair.</param>
    /// <returns>At most <see cref="MaxLength"/> ids.</returns>
    public TokenizedText Encode(TextInput input) => Tokenizer.Encode(input.Text, input.Pair, MaxLength);

    /// <summary>
    /// Puts the encoder's numbers into bfloat16, for good: half the memory, and faster products where the device has them.
    /// Adapter and head stay float32, and so do their gradients and the optimizer; the adapter's factors are rounded where they
    /// meet activations. Call it with the model on its device; classifiers that share the encoder share the change.
    /// </summary>
    /// <exception cref="NotSupportedException">The device is a processor with neither AVX512-BF16 nor AMX.</exception>
    /// <exception cref="InvalidOperationException">The method trains the encoder's own numbers, or an adapter is merged into them.</exception>
    public void UseBFloat16() => UseBFloat16(BFloat16Arithmetic.IsSupportedOn(Device));

    internal void UseBFloat16(bool isSupported)
    {
        if (!isSupported)
        {
            throw new NotSupportedException(
                "This processor has neither AVX512-BF16 nor AMX, so that bfloat16 would be slower than float32: leave it off.");
        }

        if (Adapter is BaseWeightsAdapter)
        {
            throw new InvalidOperationException(
                $"The method {Adapter.Method.Name} trains the base's own numbers, for whose small steps bfloat16 is too coarse: leave it off, or train an adapter.");
        }

        Adapter.RequireUnmerged();
        Model.Encoder.to(ScalarType.BFloat16);
    }

    /// <summary>Computes logits with the adapter active, in the model's present mode.</summary>
    /// <param name="batch">The rows.</param>
    /// <returns>Logits [b, labels].</returns>
    public Tensor Logits(TokenBatch batch)
    {
        using AdapterScope use = Adapter.Use();
        return Model.forward(batch.InputIds, batch.AttentionMask, batch.TokenTypeIds);
    }

    /// <summary>Predicts, in evaluation mode; rows of similar length share a batch.</summary>
    /// <param name="rows">The rows, as <see cref="Encode"/> gives them.</param>
    /// <param name="batchSize">The most rows that one forward takes.</param>
    /// <param name="cancellation">Stops before the next batch.</param>
    /// <returns>The logits of each row, in the rows' order.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<float[]> Predict(IReadOnlyList<TokenizedText> rows, int batchSize = 64, CancellationToken cancellation = default) =>
        PredictTogether([.. rows.Select(row => (this, row))], batchSize, cancellation);

    /// <summary>
    /// Predicts rows of several classifiers whose models share one encoder, as <see cref="SequenceClassifier.WithNewHead"/> makes them, in
    /// evaluation mode. A batch takes rows of similar length, whosever they are: the base's part is computed once for all of them.
    /// </summary>
    /// <param name="rows">The rows, as <see cref="Encode"/> gives them, each with its classifier.</param>
    /// <param name="batchSize">The most rows that one forward takes.</param>
    /// <param name="cancellation">Stops before the next batch.</param>
    /// <returns>The logits of each row, in the rows' order.</returns>
    /// <exception cref="ArgumentException">Two classifiers have models over different encoders.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<float[]> PredictTogether(
        IReadOnlyList<(TextClassifier Classifier, TokenizedText Row)> rows, int batchSize = 64, CancellationToken cancellation = default)
    {
        using IDisposable noGrad = no_grad();
        var logits = new float[rows.Count][];
        foreach (int[] chunk in Enumerable.Range(0, rows.Count).OrderBy(row => rows[row].Row.Length).Chunk(batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            IGrouping<TextClassifier, int>[] groups = [.. chunk.GroupBy(row => rows[row].Classifier)];
            TextClassifier first = groups[0].Key;
            using TokenBatch batch = TokenBatch.Collate([.. groups.SelectMany(group => group).Select(row => rows[row].Row)], first.Tokenizer.PadId, first.Device);
            Tensor[] ofGroups = groups.Length == 1 ? [first.Logits(batch)] : LogitsTogether(groups, batch);
            foreach ((IGrouping<TextClassifier, int> group, Tensor ofGroup) in groups.Zip(ofGroups))
            {
                float[] values = [.. ofGroup.to(ScalarType.Float32).cpu().data<float>()];
                foreach ((int row, float[] ofRow) in group.Zip(values.Chunk(group.Key.Labels.Count)))
                {
                    logits[row] = ofRow;
                }
            }
        }

        return logits;
    }

    /// <summary>Writes adapter, head and task as an adapter folder: kilobytes, without the base.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public void Save(string folder)
    {
        JsonObject config = Adapter.Describe();
        config["task"] = new JsonObject
        {
            ["labels"] = new JsonArray([.. Labels.Names.Select(name => (JsonNode?)name)]),
            ["is_regression"] = Labels.IsRegression,
            ["max_length"] = MaxLength,
        };
        AdapterFolder.Write(
            folder,
            config,
            Adapter.StateUnder("adapter.").Concat(Model.HeadParameters().Select(entry => KeyValuePair.Create(HeadPrefix + entry.Name, (Tensor)entry.Parameter))));
    }

    /// <summary>
    /// Writes adapter and head as PEFT does, so that its users can run them. A LoRTA adapter becomes the LoRA adapter that
    /// computes the same. The labels' names have no place there.
    /// </summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="baseModel">The base's hub id or folder, by which PEFT finds it; null to leave that to the reader.</param>
    /// <exception cref="NotSupportedException">PEFT has no such method.</exception>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public void SavePeft(string folder, string? baseModel = null) => PeftAdapters.Save(
        Adapter,
        folder,
        Model.HeadParameters().Where(entry => entry.Parameter.requires_grad).ToDictionary(entry => entry.Name, entry => entry.Parameter),
        baseModel);

    /// <summary>Writes a plain Hugging Face model folder with the adapter merged, and the tokenizer's files.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <exception cref="CheckpointException">
    /// A file can't be written, and none is left half-written; or the folder has files of another model's tokenizer, and is as it was.
    /// </exception>
    public void Export(string folder)
    {
        string[] own = [.. Tokenizer.Files.Select(file => Path.GetFileName(file))];
        if (TokenizerConfig.FilesIn(folder).FirstOrDefault(file => !own.Contains(Path.GetFileName(file))) is { } foreign)
        {
            throw new CheckpointException($"{foreign} is of another model's tokenizer, and would be read with this one's: export to another folder.");
        }

        Adapter.Merge();
        try
        {
            Model.Save(folder, Labels.Names);
        }
        finally
        {
            Adapter.Unmerge();
        }

        foreach (string file in Tokenizer.Files)
        {
            AtomicFile.Write(Path.Combine(folder, Path.GetFileName(file)), target =>
            {
                using FileStream source = File.OpenRead(file);
                source.CopyTo(target);
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Adapter.Dispose();
        Model.Dispose();
    }

    internal Device Device => Model.HeadParameters().First().Parameter.device;

    /// <summary>The logits of each classifier's rows, which stand together in the batch: one forward of the encoder, and then the heads.</summary>
    private static Tensor[] LogitsTogether(IGrouping<TextClassifier, int>[] groups, TokenBatch batch)
    {
        Tensor hidden; // [b, s, d]
        using (AdapterScope.OfRows([.. groups.SelectMany(group => group.Select(_ => group.Key.Adapter))]))
        {
            hidden = groups[0].Key.Model.Encoder.forward(batch.InputIds, batch.AttentionMask, batch.TokenTypeIds);
        }

        long[] starts = [.. groups.Select((_, index) => groups.Take(index).Sum(group => (long)group.Count()))];
        return [.. groups.Zip(starts, (group, start) => group.Key.Model.Head(hidden.narrow(0, start, group.Count())))];
    }

    private static TaskLabels ReadLabels(AdapterFolder stored)
    {
        if (PeftFolder.IsPeft(stored))
        {
            int count = SequenceClassifier.StoredLabelCount(PeftFolder.Of(stored).Shapes) ?? throw new CheckpointException(
                $"{stored.Weights.FilePath} has no classification head: it is no adapter of a text classifier.");
            return count == 1 ? TaskLabels.Regression : TaskLabels.Classes([.. Enumerable.Range(0, count).Select(label => $"LABEL_{label}")]);
        }

        JsonFile task = stored.Config.GetObject("task");
        try
        {
            return task.GetBoolean("is_regression") ? TaskLabels.Regression : TaskLabels.Classes(task.GetStrings("labels"));
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException($"{task.FilePath}: {error.Message}", error);
        }
    }
}
