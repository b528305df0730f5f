using Lorta.Text;
using TorchSharp;

namespace Lorta.Tests.Text;

public sealed class TokenBatchTests
{
    [Fact]
    public void PadsToTheLongestRow()
    {
        using TokenBatch batch = TokenBatch.Collate([new([5, 6, 7], [0, 0, 1]), new([8], [0])], padId: 1);
        Assert.Equal(torch.ScalarType.Int64, batch.InputIds.dtype);
        Assert.Equal(torch.ScalarType.Bool, batch.AttentionMask.dtype);
        Assert.Equal(torch.ScalarType.Int64, batch.TokenTypeIds.dtype);
        Assert.All(new[] { batch.InputIds, batch.AttentionMask, batch.TokenTypeIds }, tensor => Assert.Equal([2L, 3L], tensor.shape));
        Assert.Equal([5L, 6, 7, 8, 1, 1], batch.InputIds.data<long>().ToArray());
        Assert.Equal([true, true, true, true, false, false], batch.AttentionMask.data<bool>().ToArray());
        Assert.Equal([0L, 0, 1, 0, 0, 0], batch.TokenTypeIds.data<long>().ToArray());
    }

    [Fact]
    public void NeedsARow() => Assert.Throws<ArgumentException>(() => TokenBatch.Collate([], padId: 0));
}
