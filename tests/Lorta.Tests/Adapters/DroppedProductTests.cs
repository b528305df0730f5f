using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

[Collection(GlobalGenerator.Name)]
public sealed class DroppedProductTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void AShareOfTheInputIsZeroAndTheRestIsScaled(double probability)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1).Dispose();
        Tensor dropped = DroppedProduct.Of(ones(400, 250), eye(250), probability, new()); // the identity shows the input itself
        double zeros = dropped.eq(0).to(ScalarType.Float64).mean().ToDouble();
        Assert.Equal(probability, zeros, 0.008); // five standard deviations of 100,000 draws
        Tensor expected = dropped.ne(0).to(ScalarType.Float32) / (float)(1 - probability);
        Near.Relative(expected, dropped, 1e-6, "The input");
        Assert.All([0L, 1L], dimension => Assert.True(dropped.mean([dimension]).std().ToDouble() > 0, "Rows or columns are dropped as one."));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void GradientsAreThoseOfThePlainProductUnderTheSameMask(bool ofInput, bool ofFactor)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = randn(30, 12), down = randn(4, 12), outputGradient = randn(30, 4);
        manual_seed(2).Dispose();
        Tensor mask = DroppedProduct.Of(ones(30, 12), eye(12), 0.3, new()); // 0, or 1/(1 - p)
        (Tensor expected, Tensor?[] expectedGradients) = Run((x, d) => (x * mask).mm(d.t()));
        (Tensor actual, Tensor?[] gradients) = Run((x, d) =>
        {
            manual_seed(2).Dispose();
            return DroppedProduct.Of(x, d, 0.3, new());
        });
        Near.Relative(expected, actual, 1e-5, "The product");
        foreach ((Tensor? plain, Tensor? kept) in expectedGradients.Zip(gradients))
        {
            Assert.Equal(plain is null, kept is null);
            if (plain is not null)
            {
                Near.Relative(plain, kept!, 1e-5, "A gradient");
            }
        }

        (Tensor, Tensor?[]) Run(Func<Tensor, Tensor, Tensor> product)
        {
            Tensor x = input.clone().requires_grad_(ofInput), d = down.clone().requires_grad_(ofFactor);
            Tensor output = product(x, d);
            output.backward([outputGradient]);
            return (output.detach(), [x.grad, d.grad]);
        }
    }
}
