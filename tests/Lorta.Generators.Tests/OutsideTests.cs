using Lorta.Adapters;
using Lorta.Generators.Tests.Models;
using Lorta.Tests;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Generators.Tests;

/// <summary>Attention classes of another assembly, whose calls can't be intercepted.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class OutsideTests
{
    [Fact]
    public void TheBaseWeightIsBackAfterAStepThatThrows()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new OutsideForwardingModel();
        using OutsideForwardingModelLorta lorta = model.AttachLorta();
        RoutingTests.Randomise(lorta);
        Dictionary<string, Tensor> before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Assert.ThrowsAny<Exception>(() =>
        {
            using AdapterScope use = lorta.Use();
            Assert.Equal(ProjectionRoute.Undecided, model.Sites.Projections[0].Route);
            model.forward(randn(2, 3, 7));
        });
        Assert.All(model.state_dict(), entry => Assert.True(entry.Value.equal(before[entry.Key]).all().item<bool>()));
        Assert.All(model.parameters(), parameter => Assert.True(parameter.is_leaf && parameter.requires_grad));
        model.to(ScalarType.Float64);
        Assert.All(model.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
    }

    [Fact]
    public void ScopesNestAndTheBaseIsReachableInside()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new OutsideForwardingModel();
        using OutsideForwardingModelLorta first = model.AttachLorta(name: "first");
        using OutsideForwardingModelLorta second = model.AttachLorta(name: "second");
        RoutingTests.Randomise(first);
        RoutingTests.Randomise(second);
        Tensor x = randn(2, 3, 16);
        Tensor plain = model.forward(x);
        using (first.Use())
        {
            Tensor one = model.forward(x);
            using (second.Use())
            {
                Assert.False(one.allclose(model.forward(x)));
                using (AdapterScope.Base())
                {
                    Assert.True(plain.allclose(model.forward(x)));
                }
            }

            Assert.True(one.allclose(model.forward(x)));
            Assert.False(one.allclose(plain));
            Assert.Contains("close its scope", Assert.Throws<InvalidOperationException>(first.Merge).Message);
        }

        Assert.True(plain.allclose(model.forward(x)));
    }

    [Fact]
    public void ASecondThreadIsRefusedWhereTheWeightIsReplaced()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new OutsideForwardingModel();
        using OutsideForwardingModelLorta lorta = model.AttachLorta();
        using AdapterScope use = lorta.Use();
        InvalidOperationException? refused = null;
        var thread = new Thread(() => refused = Record.Exception(() => lorta.Use().Dispose()) as InvalidOperationException);
        using (ExecutionContext.SuppressFlow())
        {
            thread.Start();
        }

        thread.Join();
        Assert.Contains("one adapter at a time", refused?.Message);
    }

    [Fact]
    public void ALayerThatRunsHooksKeepsItsWeightAndServesTwoThreads()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new OutsideCallingModel();
        using OutsideCallingModelLorta lorta = model.AttachLorta();
        RoutingTests.Randomise(lorta);
        Tensor x = randn(2, 3, 16);
        using (lorta.Use())
        {
            model.forward(x);
        }

        Assert.All(model.Sites.Projections, site => Assert.Equal(ProjectionRoute.Hook, site.Route));
        Parameter weight = ((Linear)model.Sites.Projections[0].Projection).weight!;
        using AdapterScope use = lorta.Use();
        Tensor here = model.forward(x);
        Assert.Same(weight, ((Linear)model.Sites.Projections[0].Projection).weight);
        Tensor? there = null;
        var thread = new Thread(() =>
        {
            using AdapterScope other = lorta.Use();
            there = model.forward(x);
        });
        using (ExecutionContext.SuppressFlow())
        {
            thread.Start();
        }

        thread.Join();
        Assert.True(here.allclose(there!));
    }
}
