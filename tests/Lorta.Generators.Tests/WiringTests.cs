using Lorta.Generators.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Generators.Tests;

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
}
