using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Models;

/// <summary>What all model classes here do between their projections.</summary>
internal static class Attend
{
    /// <summary>Attention over heads, key and value heads repeated where they are fewer.</summary>
    /// <param name="query">[b, s, H * hw].</param>
    /// <param name="key">[b, t, G * hw].</param>
    /// <param name="value">[b, t, G * hw].</param>
    /// <param name="heads">H.</param>
    /// <param name="keyValueHeads">G, which divides H; H where null.</param>
    /// <returns>[b, s, H * hw].</returns>
    public static Tensor Heads(Tensor query, Tensor key, Tensor value, int heads, int? keyValueHeads = null)
    {
        int groups = keyValueHeads ?? heads;
        Tensor context = functional.scaled_dot_product_attention(Split(query, heads), Repeated(key), Repeated(value));
        return context.transpose(1, 2).reshape(query.shape);

        Tensor Repeated(Tensor x) => Split(x, groups).repeat_interleave(heads / groups, 1);
    }

    private static Tensor Split(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2); // [b, h, s, hw]
}
