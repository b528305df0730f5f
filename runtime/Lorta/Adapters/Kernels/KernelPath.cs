using System.Diagnostics;
using Lorta.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The updates of one LoRTA adapter by the CUDA kernels that the generator emitted for its model. Calls that no kernel takes are
/// left to TorchSharp's operations.
/// </summary>
internal sealed class KernelPath(AdapterSites sites, LortaOptions options, LortaFactors factors, BackwardFailure failure)
{
    private const int MostBlocks = 3;

    private KernelLoad? _load;
    private bool _hasWarned;

    /// <summary>What <see cref="LortaAdapter.KernelStatus"/> tells.</summary>
    public string Status => (sites.Kernels, _load) switch
    {
        (null, _) => "The model has no CUDA kernels, as its class is not annotated: TorchSharp's operations compute the updates.",
        (_, null) => "No input was on a CUDA device yet: TorchSharp's operations compute the updates.",
        (_, KernelLoad.Compiled compiled) => $"CUDA kernels of rank {compiled.Kernels.Rank} compute the updates of {compiled.Kernels.Type} inputs.",
        (_, KernelLoad.Refused refused) => $"TorchSharp's operations compute the updates on CUDA, because NVRTC refused the kernels: {refused.Log}",
        (_, KernelLoad load) => $"TorchSharp's operations compute the updates on CUDA, because the kernels are unavailable: {((KernelLoad.Unavailable)load).Reason}",
    };

    /// <summary>Answers a projection's call.</summary>
    /// <param name="adapted">The matrices of the projection that the adapter updates, at least one, in the order of their rows.</param>
    /// <param name="call">The call.</param>
    /// <param name="output">The output [..., out] in the caller's dispose scope, or null where TorchSharp's operations are to answer.</param>
    /// <returns>Whether there is an output.</returns>
    /// <exception cref="CudaException">The driver refuses a launch, now or in the backward pass before.</exception>
    public bool TryProject(ProjectionSite[] adapted, in ProjectionCall call, out Tensor? output)
    {
        output = null;
        failure.Throw();
        if ((options.Dropout > 0 && call.Projection.training) || Find(call.Input) is not { } found)
        {
            return false;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor input = call.Input.reshape(-1, call.Input.size(-1)); // [N, in]
        Tensor rows = Base(call, input); // [N, out]
        if (rows.dtype == input.dtype)
        {
            var kernels = new TensorKernels(found);
            foreach (ProjectionSite[] group in Groups(adapted))
            {
                rows = Update(rows, input, group, call, kernels, scope);
            }

            output = rows.reshape(call.Input.SizesWithLast(rows.size(1))).MoveToOuterDisposeScope();
        }

        return output is not null;
    }

    /// <summary>The base's output as rows that no backward needs and no other tensor shares, so that it can be written to.</summary>
    private static Tensor Base(in ProjectionCall call, Tensor input)
    {
        if (call is { Projection: Linear, RunsHooks: false, Output: null })
        {
            return call.Base(input);
        }

        Tensor output = call.Base(call.Input);
        return output.reshape(-1, output.size(-1)).clone().contiguous();
    }

    private Tensor Update(Tensor output, Tensor input, ProjectionSite[] group, in ProjectionCall call, TensorKernels kernels, DisposeScope scope)
    {
        Tensor products = Product(input, group[0], call, kernels, scope); // [N, r]
        bool isWhole = group[0].IsWhole;
        ColumnBlock[] blocks = [.. group.Select(site => new ColumnBlock(isWhole ? 0 : site.FirstRow, site.Rows))];
        Tensor coefficients = stack([.. group.Select(factors.Coefficients)]).to(ScalarType.Float32); // [blocks, r]
        return UpFunction.Apply(output, blocks, products, Stored(factors.Up(group[0])), coefficients, kernels, failure);
    }

    private Tensor Product(Tensor input, ProjectionSite site, in ProjectionCall call, TensorKernels kernels, DisposeScope scope)
    {
        bool shares = factors.DownIsShared && call.Share != InputShare.Alone;
        if (shares && call.Share.Follows && SharedProduct.Take(call.Input, this, site.Layer, scope) is [var shared])
        {
            return shared;
        }

        Tensor ofRows = input.stride(1) == 1 ? input : input.contiguous();
        Tensor product = DownFunction.Apply(ofRows, Stored(factors.Down(site)), kernels, failure);
        if (shares && call.Share.Followers > 0)
        {
            SharedProduct.Keep(call.Input, this, site.Layer, call.Share.Followers, product);
        }

        return product;
    }

    /// <summary>The matrices of one projection that a launch can take together: those with the same two sides.</summary>
    private IEnumerable<ProjectionSite[]> Groups(ProjectionSite[] adapted) => adapted.Chunk(factors.DownIsShared ? MostBlocks : 1);

    private static FactorSide Stored(FactorSide side) => new(Stored(side.Rows), side.Heads is { } heads ? Stored(heads) : null);

    private static Tensor Stored(Tensor factor) => factor.to(ScalarType.Float32).contiguous();

    /// <summary>The kernels for an input, or null where there are none.</summary>
    private LortaKernels? Find(Tensor input)
    {
        if (sites.Kernels is not { } model || input.device_type != model.Device || TypeOf(input) is not { } type || !factors.AreOnDeviceOf(input))
        {
            return null;
        }

        KernelLoad load = model.Load(Math.Max(input.device_index, 0), type, options);
        _load = load;
        if (load is KernelLoad.Compiled compiled)
        {
            return compiled.Kernels;
        }

        if (!_hasWarned)
        {
            _hasWarned = true;
            Trace.TraceWarning(Status);
        }

        return null;
    }

    private static ActivationType? TypeOf(Tensor activations) => activations.dtype switch
    {
        ScalarType.Float32 => ActivationType.Float32,
        ScalarType.Float16 => ActivationType.Float16,
        ScalarType.BFloat16 => ActivationType.BFloat16,
        _ => null,
    };
}
