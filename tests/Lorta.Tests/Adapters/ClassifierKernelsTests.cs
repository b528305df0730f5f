using Lorta.Adapters;
using Lorta.Models;
using Lorta.Tests.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>The built-in classifiers have kernels, which an adapter that is attached by its method finds as well.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class ClassifierKernelsTests
{
    private static readonly EncoderConfig Config = new()
    {
        VocabularySize = 30, Width = 24, Layers = 2, Heads = 4, IntermediateWidth = 20, MaxPositions = 16,
    };

    [Fact]
    public void BertAgreesWithTorchSharpsOperations() => Compare(() => new BertForSequenceClassification(Config, 2));

    [Fact]
    public void RobertaAgreesWithTorchSharpsOperations() => Compare(() => new RobertaForSequenceClassification(Config, 2));

    [Fact]
    public void AModelWithANewHeadHasTheSameKernels()
    {
        using var model = new BertForSequenceClassification(Config, 2);
        using SequenceClassifier other = model.WithNewHead(3);
        Assert.NotNull(other.Sites.Kernels);
        Assert.Same(model.Sites.Kernels, other.Sites.Kernels);
    }

    private static void Compare(Func<SequenceClassifier> create)
    {
        Toolchain.Require("g++");
        using DisposeScope scope = NewDisposeScope();
        manual_seed(3);
        using SequenceClassifier model = create();
        model.eval();
        using var lorta = (LortaAdapter)new LortaOptions { Rank = 3 }.Attach(model);
        using (no_grad())
        {
            lorta.Factor(LortaFactor.B).normal_(0, 0.2);
        }

        Tensor ids = randint(5, 30, [2, 7]);
        (Tensor expected, Tensor[] expectedGradients) = Run();
        model.Sites.Kernels = model.Sites.Kernels! with { Device = DeviceType.CPU, Environment = EmulatedCuda.NewEnvironment() };
        foreach (bool checkpoints in (bool[])[false, true])
        {
            model.Encoder.GradientCheckpointing = checkpoints;
            (Tensor actual, Tensor[] gradients) = Run();
            Near.Relative(expected, actual, 1e-5, "logits");
            for (int i = 0; i < gradients.Length; i++)
            {
                Near.Relative(expectedGradients[i], gradients[i], 1e-4, $"gradient of factor {i}");
            }
        }

        Assert.Equal("CUDA kernels of rank 3 compute the updates of Float32 inputs.", lorta.KernelStatus);

        (Tensor Logits, Tensor[] Gradients) Run()
        {
            using AdapterScope use = lorta.Use();
            Tensor logits = model.forward(ids, null, null);
            return (logits, [.. autograd.grad([logits.pow(2).sum()], [.. lorta.parameters()])]);
        }
    }
}
