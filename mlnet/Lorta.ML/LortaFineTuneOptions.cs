using Lorta.Adapters;
using Lorta.Training;
using Microsoft.ML;

namespace Lorta.ML;

/// <summary>What <c>LortaFineTune</c> learns, from what, and how.</summary>
public sealed class LortaFineTuneOptions
{
    /// <summary>
    /// The pretrained model: a folder in the Hugging Face layout, or a hub id such as <c>roberta-base</c> or <c>owner/name@revision</c>, which
    /// is fetched into the Hugging Face cache. Must be set.
    /// </summary>
    public string BaseModel { get; set; } = "";

    /// <summary>What is learnt; by default one of two or more classes.</summary>
    public LortaTask Task { get; set; } = LortaTask.MulticlassClassification;

    /// <summary>The column with the text; by default <c>Text</c>.</summary>
    public string TextColumn { get; set; } = "Text";

    /// <summary>The column with the second text, for tasks on pairs; null, the default, for none.</summary>
    public string? SecondTextColumn { get; set; }

    /// <summary>The column with the label, a key, text, Boolean or number; by default <c>Label</c>. Rows without a label are left out.</summary>
    public string LabelColumn { get; set; } = "Label";

    /// <summary>The name of the column for the predicted class; by default <c>PredictedLabel</c>.</summary>
    public string PredictedLabelColumn { get; set; } = "PredictedLabel";

    /// <summary>The name of the column for the score; by default <c>Score</c>.</summary>
    public string ScoreColumn { get; set; } = "Score";

    /// <summary>The name of the column for a binary classifier's probability; by default <c>Probability</c>.</summary>
    public string ProbabilityColumn { get; set; } = "Probability";

    /// <summary>
    /// What is trained beside the head, any of the methods of <see cref="Lorta.Adapters"/>; null, the default, is LoRTA with the
    /// <see cref="Rank"/>, <see cref="Alpha"/>, <see cref="Modes"/> and <see cref="Dropout"/> here, which are not read where a method is given.
    /// </summary>
    public AdapterMethod? Method { get; set; }

    /// <summary>The rank of the update; by default 8.</summary>
    public int Rank { get; set; } = 8;

    /// <summary>The numerator of the update's scaling alpha/r; by default 8.</summary>
    public double Alpha { get; set; } = 8;

    /// <summary>The modes of the update tensor; by default all.</summary>
    public LortaModes Modes { get; set; } = LortaModes.All;

    /// <summary>The dropout probability on the update's input while training; by default 0.</summary>
    public double Dropout { get; set; }

    /// <summary>How often the training rows are gone through, at most; by default 10.</summary>
    public int Epochs { get; set; } = 10;

    /// <summary>Rows a step; by default 32.</summary>
    public int BatchSize { get; set; } = 32;

    /// <summary>The most rows of one forward, the others of a batch being accumulated; null, the default, for the whole batch.</summary>
    public int? MicroBatchSize { get; set; }

    /// <summary>
    /// Whether each encoder layer is computed again in the backward instead of its activations being kept: less memory for more time; by
    /// default not. It trains on the CPU only.
    /// </summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>
    /// Whether the encoder's numbers are bfloat16 while training, on a device that computes in it (a processor with AVX512-BF16 or AMX); by
    /// default not. The model scores in float32.
    /// </summary>
    public bool BFloat16 { get; set; }

    /// <summary>
    /// The highest learning rate of what the method trains beside the head; null, the default, is the method's
    /// <see cref="AdapterMethod.DefaultRate"/>: 1e-2 for LoRTA.
    /// </summary>
    public double? LearningRate { get; set; }

    /// <summary>
    /// The highest learning rate of the head; null, the default, is the method's <see cref="AdapterMethod.DefaultHeadRate"/>: 1e-3 for LoRTA.
    /// </summary>
    public double? HeadLearningRate { get; set; }

    /// <summary>AdamW's weight decay of the head's weights; by default 0.01.</summary>
    public double HeadWeightDecay { get; set; } = 0.01;

    /// <summary>The norm of all gradients together above which they are scaled down to it; null, the default, never.</summary>
    public double? MaxGradientNorm { get; set; }

    /// <summary>The share of all steps in which the learning rates rise; by default 0.06.</summary>
    public double WarmupRatio { get; set; } = 0.06;

    /// <summary>The most tokens that are read of a row, special ones included; by default 128. Null is all that the model has positions for.</summary>
    public int? MaxLength { get; set; } = 128;

    /// <summary>Fixes all that is random; null, the default, takes the one of the <see cref="MLContext"/>, or else 0.</summary>
    public int? Seed { get; set; }

    /// <summary>Rows to choose the best epoch by; null, the default, for none.</summary>
    public IDataView? ValidationSet { get; set; }

    /// <summary>
    /// The share of the training rows to hold out and choose the best epoch by, where there is no <see cref="ValidationSet"/>; by default 0.
    /// </summary>
    public double ValidationFraction { get; set; }

    /// <summary>
    /// The score of the validation rows that picks the best epoch: <c>accuracy</c>, <c>matthews</c> or, of two classes, <c>f1</c>;
    /// <c>pearson</c> or <c>spearman</c> in a regression. Null, the default, is <c>accuracy</c>, and <c>pearson</c> in a regression.
    /// </summary>
    public string? ValidationMetric { get; set; }

    /// <summary>After how many epochs without a better validation score training stops; null, the default, never.</summary>
    public int? Patience { get; set; }

    /// <summary>
    /// Where to train and score: <c>auto</c>, the default, is a CUDA device where there is one, the context's <c>GpuDeviceId</c> if that is set;
    /// else <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.
    /// </summary>
    public string Device { get; set; } = "auto";

    /// <summary>
    /// A folder for the state of the run, which is written after each epoch and when the run is cancelled. A run that finds its own
    /// state there goes on from it, and ends with the same numbers as one never stopped. Null, the default, for none.
    /// </summary>
    public string? CheckpointFolder { get; set; }

    /// <summary>Is told of each step and of each finished epoch; null, the default, for nobody.</summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>Stops training after the forward and backward under way, the state of the run written first; by default never.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Whether a saved model has the base model's weights in it, and so needs no folder when it is loaded; by default not.</summary>
    public bool EmbedBaseModel { get; set; }

    internal AdapterMethod MethodOrDefault => Method ?? new LortaOptions { Rank = Rank, Alpha = Alpha, Modes = Modes, Dropout = Dropout };

    internal double LearningRateOrDefault => LearningRate ?? MethodOrDefault.DefaultRate;

    internal double HeadLearningRateOrDefault => HeadLearningRate ?? MethodOrDefault.DefaultHeadRate;
}
