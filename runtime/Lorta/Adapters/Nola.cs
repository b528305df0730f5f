using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// NOLA: LoRA whose A and B are sums of frozen random matrices, of which only the weights are trained, k for each factor
/// (Koohpayegani et al., 2024, eq. 2). Matrices of one shape have the random ones in common; a seed gives them, so that they
/// are not stored.
/// </summary>
public sealed record Nola : LoraMethod
{
    internal const string MethodName = "nola";

    private const long MaxBasisNumbers = 1L << 30;

    /// <summary>The number k of random matrices that a factor is made of: at least 1; they are held in memory, at most 2^30 numbers for each side.</summary>
    public int Bases { get; init; } = 64;

    /// <summary>The seed that the random matrices are drawn with.</summary>
    public long BasisSeed { get; init; }

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override double DefaultRate => 1e-2;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new NolaAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["bases"] = Bases;
        json["basis_seed"] = BasisSeed;
        return json;
    }

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => 2 * Bases;

    internal static Nola FromJson(JsonFile options) => (Nola)new Nola().WithLoraJson(options) with
    {
        Bases = options.GetInt32("bases"),
        BasisSeed = options.GetInt64("basis_seed"),
    };

    private protected override void Validate(AttentionLayout layout)
    {
        base.Validate(layout);
        long most = MaxBasisNumbers / ((long)Rank * Math.Max(layout.Width, layout.HeadRows(AttentionMatrix.Query)));
        if (Bases < 1 || Bases > most)
        {
            throw new ArgumentOutOfRangeException(nameof(Bases), $"Bases is {Bases}: choose a number from 1 to {most}, as each has the size of a factor.");
        }
    }

    private sealed class NolaAdapter : LowRankAdapter
    {
        private readonly Scalar _scaling;

        public NolaAdapter(AdapterSites sites, Nola method, string name)
            : base(sites, method, name)
        {
            using DisposeScope scope = NewDisposeScope();
            _scaling = method.Scaling;
            using Generator generator = new((ulong)method.BasisSeed, CPU);
            foreach (int columns in AdaptedSites.Select(site => site.Columns).Distinct().Order())
            {
                AddBasis("down", columns);
            }

            foreach (int rows in AdaptedSites.Select(site => site.Rows).Distinct().Order())
            {
                AddBasis("up", rows);
            }

            // Weights of variance 1/k make the first A as large as one basis matrix; B starts at zero.
            using Scalar deviation = 1 / Math.Sqrt(method.Bases);
            foreach (ProjectionSite site in AdaptedSites)
            {
                AddParameter(site, "a", randn(method.Bases).mul_(deviation));
                AddParameter(site, "b", zeros(method.Bases));
            }

            void AddBasis(string side, int features)
            {
                double bound = 1 / Math.Sqrt(features);
                Tensor basis = empty(method.Bases, (long)method.Rank * features).uniform_(-bound, bound, generator); // [k, r features]
                register_buffer($"{side}.{features}", basis.DetachFromDisposeScope());
            }
        }

        protected internal override Tensor Down(ProjectionSite site) =>
            Part(site, "a").unsqueeze(0).mm(get_buffer($"down.{site.Columns}")!).view(-1, site.Columns); // [1, k] [k, r in] -> [r, in]

        protected internal override Tensor Up(ProjectionSite site) =>
            Part(site, "b").unsqueeze(0).mm(get_buffer($"up.{site.Rows}")!).view(site.Rows, -1) * _scaling; // [out, r]
    }
}
