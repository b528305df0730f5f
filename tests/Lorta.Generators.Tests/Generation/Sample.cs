namespace Lorta.Generators.Tests.Generation;

/// <summary>A model in source text, for tests to change.</summary>
internal static class Sample
{
    public const string Model = """
        using Lorta;
        using TorchSharp.Modules;
        using static TorchSharp.torch;
        using static TorchSharp.torch.nn;

        namespace Demo;

        [LortaAdapt(Rank = 8, Modes = "heads,layers,qkvp")]
        public sealed partial class Encoder : Module<Tensor, Tensor>
        {
            private readonly ModuleList<Block> _layers = new ModuleList<Block>(new Block(1024), new Block(1024));

            public Encoder()
                : base("encoder") => RegisterComponents();

            public override Tensor forward(Tensor x)
            {
                foreach (Block layer in _layers)
                {
                    x = layer.forward(x);
                }

                return x;
            }
        }

        public sealed class Block : Module<Tensor, Tensor>
        {
            private readonly Attention _attention;

            public Block(int width)
                : base("block")
            {
                _attention = new Attention(width, 16);
                RegisterComponents();
            }

            public override Tensor forward(Tensor x) => x + _attention.forward(x);
        }

        public sealed class Attention : Module<Tensor, Tensor>
        {
            private readonly int _heads;
            private readonly Linear _query;
            private readonly Linear _key;
            private readonly Linear _value;
            private readonly Linear _dense;

            public Attention(int width, int heads)
                : base("attention")
            {
                _heads = heads;
                _query = Linear(width, width);
                _key = Linear(width, width);
                _value = Linear(width, width);
                _dense = Linear(width, width);
                RegisterComponents();
            }

            public override Tensor forward(Tensor x)
            {
                Tensor q = Split(_query.forward(x));
                Tensor k = Split(_key.forward(x));
                Tensor v = Split(_value.forward(x));
                Tensor context = functional.scaled_dot_product_attention(q, k, v);
                return _dense.forward(context.transpose(1, 2).reshape(x.shape));
            }

            private Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], _heads, -1).transpose(1, 2);
        }

        """;

    /// <summary>The model with pieces of its text replaced; each must be there.</summary>
    public static string With(params (string Old, string New)[] changes) => changes.Aggregate(Model, (text, change) =>
    {
        Assert.Contains(change.Old, text);
        return text.Replace(change.Old, change.New);
    });
}
