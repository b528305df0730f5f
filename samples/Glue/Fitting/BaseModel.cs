using Glue.Data;
using Lorta.Models;
using Lorta.Text;

namespace Glue.Fitting;

/// <summary>The pretrained models that fine-tuning starts from.</summary>
internal static class BaseModel
{
    /// <summary>The name of the encoder that the sample carries with it.</summary>
    public const string Embedded = "embedded";

    /// <summary>The folder of a model by its name or path.</summary>
    public static string Folder(string model) =>
        model == Embedded ? Path.Combine(AppContext.BaseDirectory, "Default") : model;

    /// <summary>Loads a model with a head of so many outputs, which is new where the checkpoint has none.</summary>
    /// <param name="model">A Hugging Face folder, or <see cref="Embedded"/>.</param>
    /// <param name="outputs">Width of the logits.</param>
    /// <param name="maxLength">Tokens of a row; no more than the model has positions are used.</param>
    /// <exception cref="InputException">There is no such folder.</exception>
    /// <exception cref="Lorta.Checkpoints.CheckpointException">The folder is no usable checkpoint.</exception>
    /// <exception cref="TokenizerException">The folder has no usable tokenizer.</exception>
    public static TextClassifier Load(string model, int outputs, int maxLength)
    {
        string folder = Folder(model);
        TextTokenizer tokenizer = TextTokenizer.Load(folder);
        SequenceClassifier loaded = SequenceClassifier.Load(folder, outputs);
        int longest = Math.Min(loaded.Config.MaxPositions, tokenizer.MaxLength);
        return new TextClassifier(loaded, tokenizer, Math.Min(maxLength, longest));
    }
}
