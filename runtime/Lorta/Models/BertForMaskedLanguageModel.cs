using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>BERT with the head that it is pretrained with: the word at each position, by the word table itself.</summary>
public sealed class BertForMaskedLanguageModel : Module<Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "bert")]
    private readonly BertModel _bert;

    [ComponentName(Name = "cls")]
    private readonly MaskedLanguageModelHead _head;

    /// <summary>Creates a model whose weights are drawn as BERT draws them: normal with the configuration's range, zero biases.</summary>
    /// <param name="config">Sizes and settings of the encoder.</param>
    public BertForMaskedLanguageModel(EncoderConfig config)
        : base("BertForMaskedLM")
    {
        _bert = new BertModel(config);
        _head = new MaskedLanguageModelHead(config);
        RegisterComponents();
        using IDisposable noGrad = no_grad();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            if (name.EndsWith("bias", StringComparison.Ordinal))
            {
                init.zeros_(parameter);
            }
            else if (!name.Contains("LayerNorm", StringComparison.Ordinal))
            {
                init.normal_(parameter, 0, config.InitializerRange);
            }
        }
    }

    /// <summary>The encoder below the head.</summary>
    public BertModel Encoder => _bert;

    /// <summary>Writes the encoder as a Hugging Face folder, without the language-model head.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="type">The floating-point type to store the weights in.</param>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public void SaveEncoder(string folder, ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        PretrainedFolder.Write(
            folder,
            EncoderConfigFields.Write(_bert.Config, "bert", nameof(BertModel), labels: null),
            _bert.state_dict().Select(entry => KeyValuePair.Create(entry.Key, entry.Value.to(type))));
    }

    /// <summary>Computes the logits of every word at every position.</summary>
    /// <param name="ids">Token ids [b, s], int64, padded on the right.</param>
    /// <param name="mask">True at tokens, false at padding [b, s]; null where nothing is padded.</param>
    /// <param name="types">Token types [b, s], int64; null where all are 0.</param>
    /// <returns>Logits [b, s, vocabulary].</returns>
    public override Tensor forward(Tensor ids, Tensor? mask, Tensor? types)
    {
        using DisposeScope scope = NewDisposeScope();
        return Predict(_bert.forward(ids, mask, types)).MoveToOuterDisposeScope();
    }

    /// <summary>The logits of every word for chosen hidden states, as training needs them only where a word is masked.</summary>
    /// <param name="hidden">Hidden states [..., d].</param>
    /// <returns>Logits [..., vocabulary].</returns>
    public Tensor Predict(Tensor hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        return _head.forward(hidden, _bert.Embeddings.WordTable).MoveToOuterDisposeScope();
    }
}
