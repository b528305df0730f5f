using TorchSharp;

namespace Lorta.Tests;

public sealed class LibtorchTests
{
    [Fact]
    public void LoadsAndMultiplies()
    {
        using torch.Tensor product = torch.ones(2, 3).mm(torch.ones(3, 4));
        Assert.Equal(3f * 8, product.sum().ToSingle());
    }
}
