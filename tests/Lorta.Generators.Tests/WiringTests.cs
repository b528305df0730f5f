using Lorta.Generators.Cuda;
using Lorta.Generators.Tests.Models;
using Lorta.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Generators.Tests;

[Collection(GlobalGenerator.Name)]
public sealed class WiringTests
{
    [Fact]
    public void AnAdapterActsOnAnUnchangedForward()
    {
        using DisposeScope scope = NewDisposeScope();
        var model = new HuggingFaceClassifier();
        using HuggingFaceClassifierLorta lorta = model.AttachLorta();
        using (no_grad())
        {
            lorta.B.uniform_(-1, 1);
        }

        Tensor input = randn(2, 5, 16);
        Tensor plain = model.forward(input);
        Tensor adapted;
        using (lorta.Use())
        {
            adapted = model.forward(input);
        }

        lorta.Merge();
        Tensor merged = model.forward(input);
        Assert.False(plain.allclose(adapted));
        Assert.True(merged.allclose(adapted, 1e-5, 1e-5));
        Assert.Equal(4 * (16 + 4 + 4 + 3 + 4), lorta.TrainableCount);
        Assert.Equal([16, 16], lorta.Layers[2].Output.Delta().shape);
    }

    [Fact]
    public void ASavedAdapterLoadsAsItsType()
    {
        using var model = new HuggingFaceClassifier();
        using HuggingFaceClassifierLorta lorta = model.AttachLorta();
        RoutingTests.Randomise(lorta);
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            lorta.Save(folder);
            using HuggingFaceClassifierLorta loaded = model.LoadLorta(folder, "loaded");
            Assert.All(lorta.named_parameters(), entry => Assert.True(entry.parameter.equal(loaded.get_parameter(entry.name)!).all().item<bool>()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void OtherModesThanTheAnnotationsAreRefused()
    {
        using var model = new HuggingFaceClassifier();
        ArgumentException refused = Assert.Throws<ArgumentException>(() => model.AttachLorta(HuggingFaceClassifier.LortaDefaults with { Modes = LortaModes.Heads }));
        Assert.Contains("LortaAdapter.Attach", refused.Message);
        Assert.Empty(model.Sites.Adapters);
    }

    [Fact]
    public void TheKernelsAreThoseOfTheAnnotation()
    {
        Assert.Equal(4, HuggingFaceClassifierLortaKernels.Rank);
        Assert.Equal(KernelEmitter.Emit(new(4, hasHeads: true, hasCoefficients: true)).TrimEnd(), HuggingFaceClassifierLortaKernels.Source.TrimEnd());
        Assert.Equal(KernelEmitter.Emit(new(3, hasHeads: false, hasCoefficients: false)).TrimEnd(), IndirectModelLortaKernels.Source.TrimEnd());
    }

    [Fact]
    public void TheNumberOfTrainableNumbersIsAConstantWhereTheSourceSaysTheSizes()
    {
        using var model = new LlamaModel();
        using LlamaModelLorta lorta = model.AttachLorta();
        const long Expected = LlamaModelLorta.TrainableNumbers;
        Assert.Equal(Expected, lorta.TrainableCount);
        using var bare = new BareModel();
        using BareModelLorta two = bare.AttachLorta();
        Assert.Equal(BareModelLorta.TrainableNumbers, two.TrainableCount);
        using var flat = new FlatModel();
        using FlatModelLorta layers = flat.AttachLorta();
        Assert.Equal(FlatModelLorta.TrainableNumbers, layers.TrainableCount);
    }
}
