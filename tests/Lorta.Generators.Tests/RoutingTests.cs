using Lorta.Adapters;
using Lorta.Generators.Tests.Models;
using Lorta.Tests;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests;

/// <summary>Differently written model classes, each against the definition with dense updates.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class RoutingTests
{
    private static readonly LortaModes[] AllModes = [.. Enumerable.Range(0, 8).Select(bits => (LortaModes)bits)];

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Create, LortaOptions Defaults, ProjectionRoute Route, string Layout)> Models = new()
    {
        ["private fields in Hugging Face's names"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults, ProjectionRoute.Interceptor, "3 layers, 4/4 heads of 4, 16 wide"),
        ["public fields, grouped queries, a configuration, an array"] = (() => new LlamaModel(), LlamaModel.LortaDefaults, ProjectionRoute.Interceptor, "3 layers, 4/2 heads of 4, 16 wide"),
        ["fused q, k and v, by call"] = (() => new GptModel(), GptModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 4, 16 wide"),
        ["self-attention beside cross-attention, a list"] = (() => new FairseqDecoder(), FairseqDecoder.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 2/2 heads of 8, 16 wide"),
        ["generic model, blocks and attention; fused k and v"] = (() => new GenericModel<GenericAttention>(), GenericModel<GenericAttention>.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 4, 16 wide"),
        ["base classes"] = (() => new InheritingModel(), InheritingModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 2/2 heads of 8, 16 wide"),
        ["flat layers, a constant"] = (() => new FlatModel(), FlatModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 4, 16 wide"),
        ["a record of modules, deconstructed"] = (() => new RecordModel(), RecordModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 4, 16 wide"),
        ["unusual names, fused with fewer key heads"] = (() => new MarkedModel(), MarkedModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/2 heads of 4, 16 wide"),
        ["two targets, no output projection, nested private classes"] = (() => new BareModel(), BareModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 2/2 heads of 8, 16 wide"),
        ["own projection class, wide heads, indirect calls"] = (() => new IndirectModel(), IndirectModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 6, 16 wide"),
        ["a list of projections"] = (() => new ListedModel(), ListedModel.LortaDefaults, ProjectionRoute.Interceptor, "2 layers, 4/4 heads of 4, 16 wide"),
        ["another assembly by call"] = (() => new OutsideCallingModel(), OutsideCallingModel.LortaDefaults, ProjectionRoute.Hook, "2 layers, 4/4 heads of 4, 16 wide"),
        ["another assembly by forward"] = (() => new OutsideForwardingModel(), OutsideForwardingModel.LortaDefaults, ProjectionRoute.Weight, "2 layers, 4/4 heads of 4, 16 wide"),
    };

    public static TheoryData<string, LortaModes?> Cases
    {
        get
        {
            var cases = new TheoryData<string, LortaModes?>();
            foreach (string model in Models.Keys)
            {
                cases.Add(model, null);
            }

            foreach (LortaModes modes in AllModes)
            {
                cases.Add("private fields in Hugging Face's names", modes);
                cases.Add("public fields, grouped queries, a configuration, an array", modes);
                cases.Add("fused q, k and v, by call", modes);
                cases.Add("another assembly by forward", modes);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AdaptsAsDefined(string name, LortaModes? modes)
    {
        (Func<Module<Tensor, Tensor>> create, LortaOptions defaults, ProjectionRoute route, string layout) = Models[name];
        using DisposeScope scope = NewDisposeScope();
        manual_seed(17);
        Module<Tensor, Tensor> model = create();
        AdapterSites sites = ((IAdaptable)model).Sites;
        AttentionLayout found = sites.Layout;
        Assert.Equal(layout, $"{found.Layers} layers, {found.Heads}/{found.KeyValueHeads} heads of {found.HeadWidth}, {found.Width} wide");

        using LortaAdapter lorta = LortaAdapter.Attach((IAdaptable)model, defaults with { Modes = modes ?? defaults.Modes });
        Randomise(lorta);

        Dictionary<string, Tensor> before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        foreach (Parameter weight in model.parameters())
        {
            weight.requires_grad = false;
        }

        Tensor x = randn(2, 5, 16);
        Tensor probe = randn(2, 5, 16);
        var definition = new Definition(sites, lorta);
        Tensor expected = definition.Forward(x);
        Tensor[] expectedGradients = [.. autograd.grad([(expected * probe).sum()], [.. lorta.parameters()])];
        for (int step = 0; step < 2; step++)
        {
            Tensor actual;
            Tensor[] gradients;
            using (lorta.Use())
            {
                actual = model.forward(x);
                gradients = [.. autograd.grad([(actual * probe).sum()], [.. lorta.parameters()])];
            }

            AssertNear(expected, actual, 1e-5);
            foreach ((Tensor left, Tensor right) in expectedGradients.Zip(gradients))
            {
                AssertNear(left, right, 1e-4);
            }
        }

        Assert.All(sites.Projections, site => Assert.Equal(route, site.Route));
        foreach ((string key, Tensor value) in model.state_dict())
        {
            Assert.True(value.equal(before[key]).all().item<bool>(), $"{key} has changed.");
        }

        AssertNear(new Definition(sites, lorta).Delta(sites.Projections[0]), lorta.Delta(sites.Projections[0].Layer, sites.Projections[0].Matrix), 1e-6);
    }

    /// <summary>Draws factors that make updates about as large as the weights.</summary>
    internal static void Randomise(LortaAdapter lorta)
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Parameter factor) in lorta.named_parameters())
        {
            _ = name is "A" or "B" ? factor.normal_(0, 0.15) : factor.uniform_(0.5, 1.5);
        }
    }

    private static void AssertNear(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        double difference = (expected - actual).abs().max().item<float>();
        double size = Math.Max(1, expected.abs().max().item<float>());
        Assert.True(difference <= tolerance * size, $"The difference is {difference}, at a size of {size}.");
    }
}
