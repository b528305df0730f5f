using Lorta.Adapters;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Adapters;

/// <summary>Stacked attention layers without a softmax, whose projections' calls arrive at the router as a generated interceptor would send them.</summary>
internal sealed class ToyAttention : Module<Tensor, Tensor>, IAdaptable
{
    private readonly List<Linear[]> _layers = [];

    public ToyAttention(AttentionLayout layout)
        : base("toy")
    {
        int queries = layout.HeadRows(AttentionMatrix.Query);
        int keys = layout.HeadRows(AttentionMatrix.Key);
        for (int layer = 0; layer < layout.Layers; layer++)
        {
            Linear[] projections =
            [
                Linear(layout.Width, queries), Linear(layout.Width, keys), Linear(layout.Width, keys), Linear(queries, layout.Width),
            ];
            for (int matrix = 0; matrix < projections.Length; matrix++)
            {
                register_module($"{layer}_{matrix}", projections[matrix]);
            }

            _layers.Add(projections);
        }

        foreach (Parameter parameter in parameters())
        {
            parameter.requires_grad = false;
        }

        Sites = new AdapterSites(this, layout, _layers.SelectMany((projections, layer) =>
            projections.Select((projection, matrix) => new ProjectionSite(layer, (AttentionMatrix)matrix, projection))));
    }

    public AdapterSites Sites { get; }

    public Action? BetweenCalls { get; set; }

    public override Tensor forward(Tensor x)
    {
        foreach (Linear[] layer in _layers)
        {
            Tensor query = ProjectionRouter.Forward(layer[0], x, InputShare.First(2));
            BetweenCalls?.Invoke();
            Tensor key = ProjectionRouter.Forward(layer[1], x, InputShare.Next);
            Tensor value = ProjectionRouter.Forward(layer[2], x, InputShare.Next);
            x = Combine(query, key, value, x, (output, _) => ProjectionRouter.Forward(layer[3], output));
        }

        return x;
    }

    /// <summary>The same by dense weights: base plus <paramref name="delta"/> of layer and matrix.</summary>
    public Tensor Definition(Tensor x, Func<int, AttentionMatrix, Tensor> delta)
    {
        for (int layer = 0; layer < _layers.Count; layer++)
        {
            Tensor Apply(Tensor input, int matrix) => functional.linear(
                input, _layers[layer][matrix].weight! + delta(layer, (AttentionMatrix)matrix), _layers[layer][matrix].bias);
            x = Combine(Apply(x, 0), Apply(x, 1), Apply(x, 2), x, Apply);
        }

        return x;
    }

    private static Tensor Combine(Tensor query, Tensor key, Tensor value, Tensor x, Func<Tensor, int, Tensor> output)
    {
        long groups = query.shape[^1] / key.shape[^1];
        Tensor mixed = query * (key.tanh() + value).repeat_interleave(groups, -1);
        return (x + output(mixed, 3)).tanh();
    }
}
