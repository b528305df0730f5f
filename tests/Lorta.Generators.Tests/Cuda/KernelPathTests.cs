using Lorta.Adapters;
using Lorta.Generators.Tests.Models;
using Lorta.Kernels;
using Lorta.Tests;
using Lorta.Tests.Cuda;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>
/// Adapters whose updates the emitted kernels compute, against TorchSharp's operations. The CPU stands for the device, as the
/// emulated driver runs the kernels on host memory; all else is what happens on a GPU.
/// </summary>
[Collection(GlobalGenerator.Name)]
public sealed class KernelPathTests
{
    private static readonly Lazy<KernelEnvironment> Environment = new(EmulatedCuda.NewEnvironment);

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Create, LortaOptions Options)> Cases = new()
    {
        ["all modes, q, k and v of one input"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults),
        ["reference orientation"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults with { Orientation = HeadOrientation.Reference }),
        ["another rank than the annotation's"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults with { Rank = 9 }),
        ["fewer modes than the annotation's"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults with { Modes = LortaModes.Layers }),
        ["frozen factors"] = (() => new HuggingFaceLayers(), HuggingFaceLayers.LortaDefaults with { Frozen = LortaFactor.A | LortaFactor.Head }),
        ["grouped queries, no layers mode"] = (() => new LlamaModel(), LlamaModel.LortaDefaults),
        ["fused q, k and v by call, no heads mode"] = (() => new GptModel(), GptModel.LortaDefaults),
        ["fused with fewer key heads"] = (() => new MarkedModel(), MarkedModel.LortaDefaults),
        ["no modes, own projection class"] = (() => new IndirectModel(), IndirectModel.LortaDefaults),
        ["a hook's output"] = (() => new OutsideCallingModel(), OutsideCallingModel.LortaDefaults),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AgreeWithTorchSharpsOperations(string name)
    {
        (Func<Module<Tensor, Tensor>> create, LortaOptions options) = Cases[name];
        using DisposeScope scope = NewDisposeScope();
        manual_seed(23);
        Module<Tensor, Tensor> model = create();
        foreach (Parameter weight in model.parameters())
        {
            weight.requires_grad = false;
        }

        using LortaAdapter lorta = AttachOnEmulatedDevice((IAdaptable)model, options);
        Tensor x = randn(2, 5, 16).requires_grad_();
        Tensor probe = randn(2, 5, 16);
        Tensor[] wanted = [x, .. lorta.parameters().Where(factor => factor.requires_grad)];
        ModelKernels kernels = lorta.Sites.Kernels!;
        lorta.Sites.Kernels = null;
        (Tensor expected, Tensor[] expectedGradients) = Run();
        lorta.Sites.Kernels = kernels;
        for (int step = 0; step < 2; step++)
        {
            (Tensor actual, Tensor[] gradients) = Run();
            Near.Relative(expected, actual, 1e-5, "output");
            for (int i = 0; i < wanted.Length; i++)
            {
                Near.Relative(expectedGradients[i], gradients[i], 1e-5, i == 0 ? "gradient of x" : $"gradient of factor {i}");
            }

        }

        using (no_grad())
        using (lorta.Use())
        {
            Near.Relative(expected, model.forward(x), 1e-5, "output without a graph");
        }

        Assert.Equal($"CUDA kernels of rank {options.Rank} compute the updates of Float32 inputs.", lorta.KernelStatus);

        (Tensor Output, Tensor[] Gradients) Run()
        {
            using AdapterScope use = lorta.Use();
            Tensor output = model.forward(x);
            return (output, [.. autograd.grad([(output * probe).sum()], wanted)]);
        }
    }

    [Fact]
    public void RowsOfABatchMayUseDifferentAdapters()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter first = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults, "first");
        using LortaAdapter second = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults with { Rank = 2 }, "second");
        Tensor x = randn(3, 5, 16);
        using AdapterScope use = AdapterScope.OfRows([first, second, first]);
        Tensor mixed = model.forward(x);
        Near.Relative(new Definition(model.Sites, first).Forward(x)[0], mixed[0], 1e-5, "row 0");
        Near.Relative(new Definition(model.Sites, second).Forward(x)[1], mixed[1], 1e-5, "row 1");
        Near.Relative(new Definition(model.Sites, first).Forward(x)[2], mixed[2], 1e-5, "row 2");
    }

    [Fact]
    public void ActivationsOfHalfTheWidthKeepTheirType()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(5);
        using var model = new GptModel();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, GptModel.LortaDefaults);
        using AdapterScope use = lorta.Use();
        Tensor x = randn(2, 5, 16);
        Tensor expected = model.forward(x);
        Tensor gradient = autograd.grad([expected.pow(2).sum()], [lorta.Factor(LortaFactor.B)])[0];
        model.to(ScalarType.BFloat16);
        Tensor actual = model.forward(x.to(ScalarType.BFloat16));
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Near.Relative(expected, actual, 2e-2, "output");
        Near.Relative(gradient, autograd.grad([actual.pow(2).sum()], [lorta.Factor(LortaFactor.B)])[0], 4e-2, "gradient of B");
        Assert.Contains("of BFloat16 inputs", lorta.KernelStatus, StringComparison.Ordinal);
    }

    [Fact]
    public void TrainedWeightsOfTheBaseGetTheirGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults);
        Tensor x = randn(2, 5, 16);
        Tensor[] weights = [.. model.parameters()];
        Tensor[] kernels = Gradients();
        model.Sites.Kernels = null;
        Tensor[] operations = Gradients();
        double largest = operations.Max(gradient => gradient.abs().max().item<float>());
        for (int i = 0; i < weights.Length; i++)
        {
            Near.Absolute(operations[i], kernels[i], 1e-5 * largest, $"gradient of weight {i}");
        }

        Tensor[] Gradients()
        {
            using AdapterScope use = lorta.Use();
            return [.. autograd.grad([model.forward(x).pow(2).sum()], weights)];
        }
    }

    [Fact]
    public void TorchSharpsOperationsAnswerWhereThereIsNoCompiler()
    {
        Toolchain.Require("g++");
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults, environment: Environment.Value with { CompilerPath = "/nowhere/libnvrtc.so" });
        Tensor x = randn(2, 5, 16);
        using AdapterScope use = lorta.Use();
        Near.Relative(new Definition(model.Sites, lorta).Forward(x), model.forward(x), 1e-5, "output");
        Assert.Equal(
            "TorchSharp's operations compute the updates on CUDA, because the kernels are unavailable: NVRTC cannot be loaded from " +
            "/nowhere/libnvrtc.so: correct LORTA_NVRTC.",
            lorta.KernelStatus);
    }

    [Fact]
    public void TorchSharpsOperationsAnswerForModesThatTheKernelsLack()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new GptModel();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, GptModel.LortaDefaults with { Modes = LortaModes.All });
        Tensor x = randn(2, 5, 16);
        using AdapterScope use = lorta.Use();
        Near.Relative(new Definition(model.Sites, lorta).Forward(x), model.forward(x), 1e-5, "output");
        Assert.Contains("lack Heads of this adapter", lorta.KernelStatus, StringComparison.Ordinal);
    }

    [Fact]
    public void DropoutIsLeftToTorchSharpsOperations()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults with { Dropout = 0.5 });
        using AdapterScope use = lorta.Use();
        Tensor x = randn(2, 5, 16);
        model.train();
        Assert.False(model.forward(x).allclose(model.forward(x)));
        Assert.StartsWith("No input was on a CUDA device yet", lorta.KernelStatus, StringComparison.Ordinal);
        model.eval();
        Assert.True(model.forward(x).equal(model.forward(x)).all().item<bool>());
        Assert.StartsWith("CUDA kernels of rank 4", lorta.KernelStatus, StringComparison.Ordinal);
    }

    [Fact]
    public void ABatchWithoutRowsHasGradientsOfZero()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults);
        using AdapterScope use = lorta.Use();
        Tensor output = ProjectionRouter.Forward(model.Sites.Projections[0].Projection, zeros(0, 5, 16));
        Assert.Equal([0, 5, 16], output.shape);
        output.sum().backward();
        Assert.All(lorta.parameters(), factor => Assert.Equal(0, factor.grad!.abs().sum().item<float>()));
        Assert.StartsWith("CUDA kernels", lorta.KernelStatus, StringComparison.Ordinal);
    }

    [Fact]
    public void AnErrorOfTheBackwardPassComesWithTheNextCall()
    {
        using DisposeScope scope = NewDisposeScope();
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(
            model, HuggingFaceLayers.LortaDefaults, environment: Environment.Value with { DriverPath = EmulatedCuda.FailingDriver });
        using AdapterScope use = lorta.Use();

        // In each of the three layers a product for q, k and v, one for p, and an update for each of the four: then no launch succeeds.
        Assert.Equal(EmulatedCuda.LaunchesBeforeFailure, 3 * 6);
        Tensor output = model.forward(randn(2, 5, 16));
        output.sum().backward();
        CudaException error = Assert.Throws<CudaException>(() => model.forward(zeros(2, 5, 16)));
        Assert.Contains("could not launch a kernel", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStepLeavesNoTensorBehind()
    {
        using var model = new HuggingFaceLayers();
        using LortaAdapter lorta = AttachOnEmulatedDevice(model, HuggingFaceLayers.LortaDefaults);
        using Tensor x = randn(2, 5, 16);
        Step();
        long before = Alive();
        for (int step = 0; step < 3; step++)
        {
            Step();
        }

        Assert.Equal(before, Alive());

        void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            using AdapterScope use = lorta.Use();
            model.forward(x).sum().backward();
        }

        static long Alive() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    }

    private static LortaAdapter AttachOnEmulatedDevice(
        IAdaptable model, LortaOptions options, string name = "default", KernelEnvironment? environment = null)
    {
        Toolchain.Require("g++");
        model.Sites.Kernels = model.Sites.Kernels! with { Device = DeviceType.CPU, Environment = environment ?? Environment.Value };
        LortaAdapter lorta = LortaAdapter.Attach(model, options, name);
        RoutingTests.Randomise(lorta);
        return lorta;
    }
}
