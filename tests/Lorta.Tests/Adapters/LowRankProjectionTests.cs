using Lorta.Adapters;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Tests.Adapters;

/// <summary>Updates of low rank on projections that hold several matrices, in training mode, and for other rows of one batch.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class LowRankProjectionTests : IDisposable
{
    private static readonly Scalar Size = 0.3;
    private static readonly AttentionLayout Layout = new(Layers: 1, Heads: 4, KeyValueHeads: 2, HeadWidth: 3, Width: 12);

    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<AdapterMethod> Methods => [new Lora { Rank = 2 }, new Dora { Rank = 2 }, new Vera { Rank = 5 }, new Nola { Rank = 2, Bases = 3 }];

    [Theory]
    [MemberData(nameof(Methods))]
    public void MatricesOfOneProjectionGetTheirOwnUpdates(AdapterMethod method)
    {
        using var model = new FusedAttention(Layout);
        var chosen = (LowRankMethod)method with { Targets = AttentionMatrices.Query | AttentionMatrices.Value };
        using Adapter adapter = Randomised(chosen.Attach(model));
        Tensor x = randn(2, 5, 12);
        ProjectionSite[] sites = [.. model.Sites.Projections];
        Tensor weight = cat([.. sites.Select(site => chosen.Targets.HasFlag((AttentionMatrices)(1 << (int)site.Matrix)) ? adapter.MergedWeight(site, site.Weight) : site.Weight)]);
        using AdapterScope use = adapter.Use();
        Near.Absolute(functional.linear(x, weight, model.Projection.bias), ProjectionRouter.Forward(model.Projection, x), 1e-5, "fused projection");
    }

    [Fact]
    public void APartOfAProjectionHasNoPlaceInPeftsFolders()
    {
        using var model = new FusedAttention(Layout);
        using Adapter adapter = new Lora().Attach(model);
        string folder = Directory.CreateTempSubdirectory("lorta").FullName;
        Assert.Contains("shares its module", Assert.Throws<NotSupportedException>(() => PeftAdapters.Save(adapter, folder)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void DropoutActsOnTheUpdatesInputWhileTraining(AdapterMethod method)
    {
        using var model = new ToyAttention(Layout);
        using Adapter adapter = Randomised(((LowRankMethod)method with { Dropout = 0.5 }).Attach(model));
        ProjectionSite site = model.Sites.Projections[0];
        Tensor weight = site.Weight;
        Tensor bias = ((Linear)site.Projection).bias!;
        Tensor x = randn(7, 12);
        using AdapterScope use = adapter.Use();
        model.train();
        manual_seed(4);
        Tensor actual = ProjectionRouter.Forward(site.Projection, x);
        manual_seed(4);
        Tensor dropped = functional.dropout(x, 0.5, training: true);
        Tensor difference = adapter.MergedWeight(site, weight) - weight;
        Near.Absolute(functional.linear(x, weight, bias) + dropped.mm(difference.t()), actual, 1e-5, "training");
        model.eval();
        Near.Absolute(functional.linear(x, weight + difference, bias), ProjectionRouter.Forward(site.Projection, x), 1e-5, "evaluation");
    }

    public void Dispose() => _scope.Dispose();

    private static Adapter Randomised(Adapter adapter)
    {
        using IDisposable noGrad = no_grad();
        foreach ((_, Parameter parameter) in adapter.Trained)
        {
            parameter.copy_(parameter.Plus(randn_like(parameter).mul(Size)));
        }

        return adapter;
    }

    /// <summary>One projection for queries, keys and values, as in GPT-2.</summary>
    private sealed class FusedAttention : Module<Tensor, Tensor>, IAdaptable
    {
        public FusedAttention(AttentionLayout layout)
            : base("fused")
        {
            Projection = Linear(layout.Width, layout.HeadRows(AttentionMatrix.Query) + (2 * layout.HeadRows(AttentionMatrix.Key)));
            register_module("projection", Projection);
            foreach (Parameter parameter in parameters())
            {
                parameter.requires_grad = false;
            }

            Sites = new AdapterSites(this, layout, ProjectionSite.Blocks(
                0, Projection, ProjectionRoute.Interceptor, layout.Heads, layout.KeyValueHeads, AttentionMatrix.Query, AttentionMatrix.Key, AttentionMatrix.Value));
        }

        public Linear Projection { get; }

        public AdapterSites Sites { get; }

        public override Tensor forward(Tensor x) => Projection.forward(x);
    }
}
