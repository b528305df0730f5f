using System.Globalization;
using Lorta;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Consumer;

/// <summary>A program that knows the packages only.</summary>
internal static class Program
{
    private static int Main()
    {
        random.manual_seed(3);
        using var model = new Reader();
        foreach (Parameter weight in model.parameters())
        {
            weight.requires_grad = false;
        }

        using Tensor input = randn(8, 6, 32);
        using Tensor wanted = randn(8, 6, 32);
        using ReaderLorta lorta = model.AttachLorta();
        using optim.Optimizer optimizer = optim.Adam(lorta.parameters(), 0.02);
        float first = 0;
        float last = 0;
        for (int step = 0; step < 60; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            using (lorta.Use())
            {
                optimizer.zero_grad();
                Tensor loss = functional.mse_loss(model.forward(input), wanted);
                loss.backward();
                optimizer.step();
                last = loss.item<float>();
                first = step == 0 ? last : first;
            }
        }

        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        lorta.Save(folder);
        using ReaderLorta loaded = model.LoadLorta(folder, "loaded");
        bool same = loaded.A.allclose(lorta.A) && loaded.HeadFactor.allclose(lorta.HeadFactor);
        Directory.Delete(folder, recursive: true);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lorta.TrainableCount} numbers, loss {first:F3} -> {last:F3}"));
        return last < first && same ? 0 : 1;
    }
}

/// <summary>The annotated model.</summary>
[LortaAdapt(Rank = 4, Alpha = 16)]
internal sealed partial class Reader : Module<Tensor, Tensor>
{
    private readonly ModuleList<ReaderLayer> _layers = [new ReaderLayer(32), new ReaderLayer(32)];

    public Reader()
        : base("reader") => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        Tensor hidden = input;
        foreach (ReaderLayer layer in _layers)
        {
            hidden = layer.forward(hidden);
        }

        return hidden;
    }
}

internal sealed class ReaderLayer : Module<Tensor, Tensor>
{
    private const int Heads = 4;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _out;

    public ReaderLayer(int width)
        : base("layer")
    {
        _query = Linear(width, width);
        _key = Linear(width, width);
        _value = Linear(width, width);
        _out = Linear(width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Tensor context = functional.scaled_dot_product_attention(Split(_query.forward(input)), Split(_key.forward(input)), Split(_value.forward(input)));
        return input + _out.forward(context.transpose(1, 2).reshape(input.shape));
    }

    private static Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], Heads, -1).transpose(1, 2);
}
