using Lorta.Models;
using TorchSharp;

namespace Lorta.ML.Tests.Data;

/// <summary>A BERT of some thousand random numbers in the Hugging Face layout, with a vocabulary for <see cref="Opinion"/>.</summary>
public sealed class TinyBase : IDisposable
{
    private static readonly string[] Vocabulary =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Opinion.Words, .. "abcdefghijklmnopqrstuvwxyz".SelectMany(letter => new[] { $"{letter}", $"##{letter}" }),
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-tiny-");

    public TinyBase()
    {
        var config = new EncoderConfig
        {
            VocabularySize = Vocabulary.Length,
            Width = 32,
            Layers = 2,
            Heads = 4,
            IntermediateWidth = 64,
            MaxPositions = 64,
            InitializerRange = 0.5,
        };
        torch.manual_seed(0).Dispose();
        using var model = new BertForSequenceClassification(config, 2);
        model.Save(Folder, ["0", "1"]);
        File.WriteAllLines(Path.Combine(Folder, "vocab.txt"), Vocabulary);
    }

    /// <summary>The model's folder.</summary>
    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
