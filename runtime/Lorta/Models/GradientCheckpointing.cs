using Lorta.Adapters;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Models;

/// <summary>
/// Runs the layers of one encoder so that of each only the input is kept: the backward computes the layer again, with the
/// adapter and the dropout masks of the forward (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).
/// </summary>
internal sealed class GradientCheckpointing
{
    private readonly BackwardFailure _failure = new();

    /// <summary>Computes a layer; what it takes of torch's generator is what the layer alone takes.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="hidden">Its input [b, s, d].</param>
    /// <param name="mask">True where a token may be attended to [b, 1, 1, s], or null where all may.</param>
    /// <returns>The layer's output [b, s, d].</returns>
    /// <exception cref="InvalidOperationException">An earlier backward failed.</exception>
    /// <exception cref="NotSupportedException">The layer is in training mode on another device than the CPU.</exception>
    public Tensor Forward(EncoderLayer layer, Tensor hidden, Tensor? mask)
    {
        ThrowIfFailed();
        if (layer.training && hidden.device_type != DeviceType.CPU)
        {
            throw new NotSupportedException(
                $"Gradient checkpointing repeats dropout by the CPU's generator, and the input is on {hidden.device}: leave it off, or train on the CPU.");
        }

        IActiveAdapter? adapter = AdapterScope.ActiveAt(layer.Query);
        Parameter[] trained = [.. layer.parameters().Concat(adapter?.Parameters ?? []).Where(parameter => parameter.requires_grad)];
        return Recomputed.apply([new Call(this, layer, adapter, trained), hidden, mask, .. trained]);
    }

    /// <summary>
    /// Tells of a backward that failed. No exception can leave one through libtorch, so that it ends without gradients, and
    /// this is to be called before they are used.
    /// </summary>
    /// <exception cref="InvalidOperationException">A backward failed since the last call.</exception>
    public void ThrowIfFailed() => _failure.Throw();

    private void Keep(Exception failure) =>
        _failure.Keep(new InvalidOperationException($"A layer could not be computed again in the backward: {failure.Message}", failure));

    /// <summary>One layer's part in one forward.</summary>
    private sealed record Call(GradientCheckpointing Owner, EncoderLayer Layer, IActiveAdapter? Adapter, Parameter[] Trained)
    {
        public Tensor Run(Tensor hidden, Tensor? mask)
        {
            using AdapterScope scope = Adapter?.Use() ?? AdapterScope.Base();
            return Layer.forward(hidden, mask);
        }
    }

    private sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
    {
        private const string CallKey = "call";

        public override string Name => nameof(Recomputed);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            (var call, var hidden, var mask) = ((Call)vars[0], (Tensor)vars[1], (Tensor?)vars[2]);
            Tensor? generator = call.Layer.training ? get_rng_state() : null; // not disposed here: it is saved once this has returned
            ctx.set_materialize_grads(false);
            ctx.save_data(CallKey, call);
            ctx.save_for_backward([hidden, mask!, generator!]);
            return call.Layer.forward(hidden, mask);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var call = (Call)ctx.get_data(CallKey);
            int arguments = 3 + call.Trained.Length; // the call, the input, the mask and the parameters
            return BackwardPass.Run(grad_output, arguments, call.Owner.Keep, () => Backward(call, ctx, grad_output, arguments));
        }

        private static Tensor?[] Backward(Call call, autograd.AutogradContext ctx, Tensor outputGradient, int arguments)
        {
            using IDisposable grad = enable_grad();
            List<Tensor?> saved = ctx.get_saved_variables()!;
            (Tensor input, Tensor? mask, Tensor? generator) = (saved[0]!, saved[1], saved[2]);
            Tensor hidden = input.detach().requires_grad_(input.requires_grad);
            Tensor output = WithGenerator(generator, () => call.Run(hidden, mask));
            Tensor[] inputs = input.requires_grad ? [hidden] : [];
            IList<Tensor> results = autograd.grad([output], [.. inputs, .. call.Trained], [outputGradient], allow_unused: true);
            var gradients = new Tensor?[arguments];
            for (int i = 0; i < results.Count; i++)
            {
                int place = i < inputs.Length ? 1 : 3 + i - inputs.Length;
                gradients[place] = results[i].IsInvalid ? null : results[i];
            }

            return gradients;
        }

        /// <summary>Runs a layer with the generator as it was in the forward, and leaves it as it is now.</summary>
        private static Tensor WithGenerator(Tensor? state, Func<Tensor> run)
        {
            if (state is null)
            {
                return run();
            }

            Tensor now = get_rng_state();
            set_rng_state(state);
            try
            {
                return run();
            }
            finally
            {
                set_rng_state(now);
            }
        }
    }
}
