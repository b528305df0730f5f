using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Models;

/// <summary>BERT with the head that it is pretrained with: the word at each position, by the word table itself.</summary>
public sealed class BertForMaskedLanguageModel : Module<Tensor, Tensor?, Tensor?, Tensor>
{
    private readonly BertModel _bert;
    private readonly MaskedLanguageModelHead _head;

    /// <summary>Creates a model whose weights are drawn as BERT draws them: normal with the configuration's range, zero biases.</summary>
    /// <param name="config">Sizes and settings of the encoder.</param>
    public BertForMaskedLanguageModel(EncoderConfig config)
        : base("BertForMaskedLM")
    {
        _bert = new BertModel(config);
        _head = new MaskedLanguageModelHead(config);
        register_module("bert", _bert);
        register_module("cls", _head);
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
