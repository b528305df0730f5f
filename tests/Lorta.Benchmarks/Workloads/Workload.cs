using Lorta.Adapters;
using Lorta.Models;
using TorchSharp;
using static TorchSharp.torch;
using AdamW = Lorta.Training.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace Lorta.Benchmarks.Workloads;

/// <summary>
/// A frozen classifier and a batch of random tokens without padding. In training, gradients flow back to the embeddings with
/// and without an adapter: one small parameter there asks for them.
/// </summary>
internal sealed class Workload : IDisposable
{
    private readonly Tensor _ids;
    private readonly Tensor _labels;
    private readonly Parameter _embeddingBias;
    private readonly List<AdamW> _optimizers = [];

    /// <param name="size">The model's sizes.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="tokens">Tokens of a row.</param>
    /// <param name="bfloat16">Whether the encoder's numbers are bfloat16.</param>
    public Workload(ModelSize size, int rows, int tokens, bool bfloat16 = false)
    {
        Name = NameOf(size, rows, tokens);
        (Rows, Tokens) = (rows, tokens);
        Model = size.NewModel();
        if (bfloat16)
        {
            Model.Encoder.to(ScalarType.BFloat16);
        }

        foreach (Parameter parameter in Model.parameters())
        {
            parameter.requires_grad = false;
        }

        _embeddingBias = Model.named_parameters().Single(entry => entry.name.EndsWith("embeddings.LayerNorm.bias", StringComparison.Ordinal)).parameter;
        _embeddingBias.requires_grad = true;
        _ids = randint(5, size.Config.VocabularySize, [rows, tokens], ScalarType.Int64); // below 5: special tokens
        _labels = randint(0, Model.LabelCount, [rows], ScalarType.Int64);
    }

    /// <summary>Model and batch, as rows are named.</summary>
    public string Name { get; }

    /// <summary>Rows of the batch.</summary>
    public int Rows { get; }

    /// <summary>Tokens of a row.</summary>
    public int Tokens { get; }

    public SequenceClassifier Model { get; }

    /// <summary>The name of a workload that need not exist.</summary>
    public static string NameOf(ModelSize size, int rows, int tokens) => $"{size.Name}/{rows}x{tokens}";

    /// <summary>Forward and backward of the frozen base, with gradients down to the embeddings.</summary>
    public void FloorStep()
    {
        SetTraining(true);
        using DisposeScope scope = NewDisposeScope();
        Backward();
    }

    /// <summary>The same with an adapter active, and one step of its optimizer.</summary>
    public Action TrainingStep(Adapter adapter)
    {
        AdamW[] optimizers = [.. adapter.Trained.Select(entry => new AdamW(entry.Parameter, 0.9, 0.999, 1e-8))];
        _optimizers.AddRange(optimizers);
        return () =>
        {
            SetTraining(true);
            using DisposeScope scope = NewDisposeScope();
            using AdapterScope use = adapter.Use();
            Backward();
            foreach (AdamW optimizer in optimizers)
            {
                optimizer.Step(1e-4, weightDecay: 0);
            }

            foreach ((_, Parameter parameter) in adapter.Trained)
            {
                parameter.grad = null;
            }
        };
    }

    /// <summary>A forward without gradients, with whatever adapter is active.</summary>
    public void Infer()
    {
        SetTraining(false);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Model.forward(_ids, null, null);
    }

    /// <summary>A forward without gradients and with an adapter active.</summary>
    public Action Inference(Adapter adapter) => () =>
    {
        using AdapterScope use = adapter.Use();
        Infer();
    };

    public void Dispose()
    {
        _optimizers.ForEach(optimizer => optimizer.Dispose());
        Model.Dispose();
        _ids.Dispose();
        _labels.Dispose();
    }

    /// <summary>Goes through all modules only where the mode is another, as programs do once and not at each step.</summary>
    private void SetTraining(bool training)
    {
        if (Model.training != training)
        {
            Model.train(training);
        }
    }

    private void Backward()
    {
        Tensor logits = Model.forward(_ids, null, null); // [b, labels]
        nn.functional.cross_entropy(logits, _labels).backward();
        _embeddingBias.grad = null;
    }
}
