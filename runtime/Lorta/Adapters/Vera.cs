using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// VeRA: one frozen random pair A, B for all matrices, and for each matrix two trained vectors that scale between and after them:
/// x A^T diag(d) B^T diag(b) (Kopiczko et al., 2024, eq. 2). A rank of some hundreds is usual, as it costs r numbers a matrix:
/// it is 256 where none is chosen.
/// </summary>
public sealed record Vera : LowRankMethod
{
    internal const string MethodName = "vera";

    /// <summary>Options of rank 256.</summary>
    public Vera() => Rank = 256;

    /// <summary>The first value of d.</summary>
    public double InitialScale { get; init; } = 0.1;

    /// <summary>The seed that the shared pair is drawn with.</summary>
    public long ProjectionSeed { get; init; }

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override double DefaultRate => 1e-2;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new VeraAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["initial_scale"] = InitialScale;
        json["projection_seed"] = ProjectionSeed;
        return json;
    }

    /// <summary>The highest rank: the pair is random, so that ranks above the width have a use.</summary>
    /// <param name="width">The model's width, d.</param>
    /// <returns>Sixteen times the width.</returns>
    protected override int MaxRank(int width) => 16 * width;

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => Rank + rows;

    internal static Vera FromJson(JsonFile options) => (Vera)new Vera().WithJson(options) with
    {
        InitialScale = options.GetDouble("initial_scale"),
        ProjectionSeed = options.GetInt64("projection_seed"),
    };

    internal static Vera FromPeft(JsonFile config, AttentionMatrices targets) => new()
    {
        Rank = config.GetInt32("r", min: 1),
        Targets = targets,
        Dropout = config.GetDouble("vera_dropout", 0),
        InitialScale = config.GetDouble("d_initial", 0.1),
        ProjectionSeed = config.GetInt64("projection_prng_key", 0),
    };

    private sealed class VeraAdapter : LowRankAdapter
    {
        public VeraAdapter(AdapterSites sites, Vera method, string name)
            : base(sites, method, name)
        {
            using DisposeScope scope = NewDisposeScope();
            using Generator generator = new((ulong)method.ProjectionSeed, CPU);
            AddParameter("A", Kaiming(method.Rank, AdaptedSites.Max(site => site.Columns)), trained: false);
            AddParameter("B", Kaiming(AdaptedSites.Max(site => site.Rows), method.Rank), trained: false);
            using Scalar initial = method.InitialScale;
            foreach (ProjectionSite site in AdaptedSites)
            {
                AddParameter(site, "d", full(method.Rank, initial));
                AddParameter(site, "b", zeros(site.Rows));
            }

            // Uniform with the variance 2/fan-in, as PEFT draws it.
            Tensor Kaiming(long rows, long columns)
            {
                double bound = Math.Sqrt(6.0 / columns);
                return empty(rows, columns).uniform_(-bound, bound, generator);
            }
        }

        internal override IReadOnlyList<string> PeftTypes => [PeftConfig.Vera];

        protected internal override Tensor Down(ProjectionSite site) => D(site).unsqueeze(1) * A(site);

        protected internal override Tensor Up(ProjectionSite site) => Scale(site).unsqueeze(1) * B(site);

        // The vectors scale the activations: scaling A and B would give the frozen pair gradients to compute.
        protected override Tensor Adapt(ProjectionSite site, Tensor input, Tensor output)
        {
            Tensor product = Drop(site, input).mm(As(A(site), input).t()) * As(D(site), input); // [N, r]
            return output.Plus(product.mm(As(B(site), input).t()) * As(Scale(site), input)); // [N, out]
        }

        internal override PeftForm ToPeft(string type)
        {
            var method = (Vera)Method;
            var fields = new JsonObject
            {
                ["r"] = method.Rank,
                ["vera_dropout"] = method.Dropout,
                ["d_initial"] = method.InitialScale,
                ["projection_prng_key"] = method.ProjectionSeed,
            };
            var tensors = new Dictionary<string, Tensor>(PeftForm.TensorsOf(this, site => [("vera_lambda_d", D(site)), ("vera_lambda_b", Scale(site))]))
            {
                [PeftFolder.RootPrefix + "vera_A"] = get_parameter("A")!,
                [PeftFolder.RootPrefix + "vera_B"] = get_parameter("B")!,
            };
            return new PeftForm(fields, tensors);
        }

        /// <summary>Without a stored pair, it is the one that the seed gives.</summary>
        internal override IReadOnlyDictionary<string, Tensor> PeftTargets(PeftFolder stored) =>
            stored.Config.GetBoolean("save_projection", true)
                ? base.PeftTargets(stored)
                : base.PeftTargets(stored).Where(entry => entry.Key.StartsWith(PeftFolder.ModelPrefix, StringComparison.Ordinal)).ToDictionary();

        private Tensor A(ProjectionSite site) => get_parameter("A")!.narrow(1, 0, site.Columns);

        private Tensor B(ProjectionSite site) => get_parameter("B")!.narrow(0, 0, site.Rows);

        private Parameter D(ProjectionSite site) => Part(site, "d");

        private Parameter Scale(ProjectionSite site) => Part(site, "b");
    }
}
