using Glue.Corpus;
using Lorta.Checkpoints;
using Lorta.Models;
using Lorta.Text;
using Lorta.Training;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>The small encoder that the sample carries with it, and how it is made.</summary>
internal static class EmbeddedEncoder
{
    /// <summary>How many sentences the embedded encoder has read.</summary>
    public const int Sentences = 100_000;

    private const int Batch = 16;
    private const double Rate = 1e-3;

    private static readonly string[] SpecialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>
    /// Keeps torch to one thread: tensors this small gain nothing from a second one, and on a busy machine threads wait for
    /// each other. Besides, the numbers then do not depend on how many cores there are.
    /// </summary>
    public static void UseOneThread() => set_num_threads(1);

    /// <summary>Trains an encoder on sentences of the corpus and writes it as a Hugging Face folder, its weights in float16.</summary>
    /// <exception cref="CheckpointException">A file can't be written; none is left half-written.</exception>
    public static void Pretrain(string folder, int sentences, int seed, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        UseOneThread();
        string[] vocabulary = [.. SpecialTokens, .. Lexicon.AllWords];
        AtomicFile.WriteText(Path.Combine(folder, "vocab.txt"), string.Join('\n', vocabulary) + "\n");
        manual_seed(seed);
        using var model = new BertForMaskedLanguageModel(new EncoderConfig
        {
            VocabularySize = vocabulary.Length,
            Width = 128,
            Layers = 4,
            Heads = 4,
            IntermediateWidth = 256,
            MaxPositions = 64,
            // Wider than BERT's 0.02: in so narrow a model attention would start flat, and take long to leave that.
            InitializerRange = 0.05,
            // So small a model on endless text does not overfit.
            HiddenDropout = 0,
            AttentionDropout = 0,
        });
        new Pretrainer(model, TextTokenizer.Load(folder), AgreementCorpus.Unlabelled(seed).Take(sentences), seed)
            .Run(Batch, Rate, progress, cancellation);
        model.SaveEncoder(folder, ScalarType.Float16);
    }
}
