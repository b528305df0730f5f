using Lorta.Checkpoints;
using System.Text.Json.Nodes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// DoRA: LoRA on the direction of each row of a weight, and a trained magnitude for its length (Liu et al., 2024, eq. 5). The
/// length of the direction is a constant to the gradient (section 4.3).
/// </summary>
public sealed record Dora : LoraMethod
{
    internal const string MethodName = "dora";

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new DoraAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => base.ParameterCount(rows, columns) + rows;

    internal static Dora FromJson(JsonFile options) => (Dora)new Dora().WithLoraJson(options);

    internal static Dora FromPeft(JsonFile config, AttentionMatrices targets) => (Dora)new Dora().WithPeft(config, targets);

    internal override JsonObject ToPeft()
    {
        JsonObject fields = base.ToPeft();
        fields["use_dora"] = true;
        return fields;
    }

    private sealed class DoraAdapter : LoraAdapter
    {
        private static readonly Scalar Two = 2;

        public DoraAdapter(AdapterSites sites, Dora method, string name)
            : base(sites, method, name)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            foreach (ProjectionSite site in AdaptedSites)
            {
                AddParameter(site, "magnitude", RowNorms(site.Weight).to(ScalarType.Float32).cpu());
            }
        }

        internal override bool IsSum => false;

        protected internal override Tensor MergedWeight(ProjectionSite site, Tensor weight)
        {
            using DisposeScope scope = NewDisposeScope();
            using Tensor updated = base.MergedWeight(site, weight.to(ScalarType.Float32));
            return (Scale(site, weight).unsqueeze(1) * updated).to(weight.dtype).MoveToOuterDisposeScope(); // [out, in]
        }

        protected override Tensor Adapt(ProjectionSite site, Tensor input, Tensor output)
        {
            Tensor scale = As(Scale(site, site.Weight), input); // [out]
            Tensor? bias = (site.Projection as Linear)?.bias?.narrow(0, site.FirstRow, site.Rows);
            Tensor dropped = Drop(site, input);
            Tensor product = Drops(site) ? dropped.mm(site.Weight.t()) : bias is null ? output : output - bias; // x W^T [N, out]
            Tensor update = dropped.mm(As(Down(site), input).t()).mm(As(Up(site), input).t());
            return (output - product).Plus(scale * product.Plus(update));
        }

        private protected override IEnumerable<(string Name, Tensor Tensor)> Parts(ProjectionSite site) =>
            [.. base.Parts(site), ("lora_magnitude_vector", Magnitude(site))];

        private Parameter Magnitude(ProjectionSite site) => Part(site, "magnitude");

        /// <summary>The magnitude over the length of W + update, for each row [out].</summary>
        private Tensor Scale(ProjectionSite site, Tensor weight) => Magnitude(site) / UpdatedRowNorms(site, weight);

        /// <summary>|w + u D|^2 = |w|^2 + 2 u (D w) + u (D D^T) u^T for a row w and its row u of the update's up side: no matrix of W's size.</summary>
        private Tensor UpdatedRowNorms(ProjectionSite site, Tensor weight)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            Tensor own = weight.to(ScalarType.Float32);
            Tensor down = Down(site); // [r, in]
            Tensor up = Up(site); // [out, r]
            Tensor cross = (own.mm(down.t()) * up).sum(1); // [out]
            Tensor square = (up.mm(down.mm(down.t())) * up).sum(1);
            Tensor norms = RowNorms(own);
            return (norms * norms).Plus(cross * Two).Plus(square).sqrt().MoveToOuterDisposeScope();
        }

        private static Tensor RowNorms(Tensor weight) => linalg.vector_norm(weight, 2, [1]);
    }
}
