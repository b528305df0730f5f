using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// AdaLoRA: each update is B diag(E) A, a singular value decomposition in form, and training spends a shrinking budget of singular
/// values where they matter most (Zhang et al., 2023).
/// </summary>
public sealed record AdaLora : LowRankMethod
{
    internal const string MethodName = "adalora";

    /// <summary>The numerator of the scaling, whose denominator is the first rank: finite.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>The mean rank at the end: at least 1, at most the first <see cref="LowRankMethod.Rank"/>.</summary>
    public int TargetRank { get; init; } = 4;

    /// <summary>Steps before the budget begins to shrink: at least 0.</summary>
    public int InitialSteps { get; init; }

    /// <summary>Steps at the end over which the budget stays: at least 0.</summary>
    public int FinalSteps { get; init; }

    /// <summary>Steps from one allocation of the budget to the next: at least 1.</summary>
    public int Interval { get; init; } = 1;

    /// <summary>The decay of an importance's mean: at least 0, below 1.</summary>
    public double ImportanceDecay { get; init; } = 0.85;

    /// <summary>The decay of an importance's uncertainty: at least 0, below 1.</summary>
    public double UncertaintyDecay { get; init; } = 0.85;

    /// <summary>The weight of the penalty on A and B that are not orthogonal: at least 0.</summary>
    public double OrthogonalityWeight { get; init; } = 0.5;

    /// <inheritdoc/>
    public override string Name => MethodName;

    /// <inheritdoc/>
    public override Adapter Attach(IAdaptable model, string name = "default") => new AdaLoraAdapter(model.Sites, this, name);

    /// <inheritdoc/>
    public override JsonObject ToJson()
    {
        JsonObject json = base.ToJson();
        json["alpha"] = Alpha;
        json["target_rank"] = TargetRank;
        json["initial_steps"] = InitialSteps;
        json["final_steps"] = FinalSteps;
        json["interval"] = Interval;
        json["importance_decay"] = ImportanceDecay;
        json["uncertainty_decay"] = UncertaintyDecay;
        json["orthogonality_weight"] = OrthogonalityWeight;
        return json;
    }

    /// <inheritdoc/>
    protected override long ParameterCount(long rows, long columns) => Rank * (rows + columns + 1);

    internal static AdaLora FromJson(JsonFile options) => (AdaLora)new AdaLora().WithJson(options) with
    {
        Alpha = options.GetDouble("alpha"),
        TargetRank = options.GetInt32("target_rank"),
        InitialSteps = options.GetInt32("initial_steps"),
        FinalSteps = options.GetInt32("final_steps"),
        Interval = options.GetInt32("interval"),
        ImportanceDecay = options.GetDouble("importance_decay"),
        UncertaintyDecay = options.GetDouble("uncertainty_decay"),
        OrthogonalityWeight = options.GetDouble("orthogonality_weight"),
    };

    internal static AdaLora FromPeft(JsonFile config, AttentionMatrices targets) => new()
    {
        Rank = config.GetInt32("init_r", min: 1),
        Targets = targets,
        Dropout = config.GetDouble("lora_dropout", 0),
        Alpha = config.GetDouble("lora_alpha"),
        TargetRank = config.GetInt32("target_r", min: 1),
        InitialSteps = config.GetInt32("tinit", 0),
        FinalSteps = config.GetInt32("tfinal", 0),
        Interval = config.GetInt32("deltaT", 1),
        ImportanceDecay = config.GetDouble("beta1", 0.85),
        UncertaintyDecay = config.GetDouble("beta2", 0.85),
        OrthogonalityWeight = config.GetDouble("orth_reg_weight", 0.5),
    };

    private protected override void Validate(AttentionLayout layout)
    {
        base.Validate(layout);
        Require(double.IsFinite(Alpha), nameof(Alpha), Alpha, "a finite number");
        Require(TargetRank >= 1 && TargetRank <= Rank, nameof(TargetRank), TargetRank, $"a rank from 1 to the first rank, {Rank}");
        Require(InitialSteps >= 0, nameof(InitialSteps), InitialSteps, "a number of steps of at least 0");
        Require(FinalSteps >= 0, nameof(FinalSteps), FinalSteps, "a number of steps of at least 0");
        Require(Interval >= 1, nameof(Interval), Interval, "a number of steps of at least 1");
        Require(ImportanceDecay is >= 0 and < 1, nameof(ImportanceDecay), ImportanceDecay, "a decay of at least 0 and below 1");
        Require(UncertaintyDecay is >= 0 and < 1, nameof(UncertaintyDecay), UncertaintyDecay, "a decay of at least 0 and below 1");
        Require(OrthogonalityWeight >= 0 && double.IsFinite(OrthogonalityWeight), nameof(OrthogonalityWeight), OrthogonalityWeight, "a weight of at least 0");

        static void Require(bool holds, string option, double value, string choose)
        {
            if (!holds)
            {
                throw new ArgumentOutOfRangeException(option, string.Create(CultureInfo.InvariantCulture, $"{option} is {value}: choose {choose}."));
            }
        }
    }

    /// <summary>How many singular values are kept after a step, all matrices together (eq. 12): it falls with the cube of what is left.</summary>
    private int Budget(long step, long steps, int matrices)
    {
        double left = step <= InitialSteps ? 1
            : step >= steps - FinalSteps ? 0
            : 1 - ((double)(step - InitialSteps) / (steps - FinalSteps - InitialSteps));
        return (int)(((Rank - TargetRank) * matrices * left * left * left) + (TargetRank * matrices));
    }

    private sealed class AdaLoraAdapter : LowRankAdapter
    {
        private static readonly Scalar StartDeviation = 0.02;

        // Of each parameter the mean importance and its uncertainty, which a stopped run needs to go on.
        private readonly Dictionary<string, (Tensor Importance, Tensor Uncertainty)> _means;
        private readonly Scalar _scaling;
        private readonly Scalar _penalty;

        public AdaLoraAdapter(AdapterSites sites, AdaLora method, string name)
            : base(sites, method, name)
        {
            using DisposeScope scope = NewDisposeScope();
            foreach (ProjectionSite site in AdaptedSites)
            {
                AddParameter(site, "A", randn(method.Rank, site.Columns).mul_(StartDeviation));
                AddParameter(site, "B", randn(site.Rows, method.Rank).mul_(StartDeviation));
                AddParameter(site, "E", zeros(method.Rank, 1));
            }

            _scaling = method.Alpha / (method.Rank + 1e-5); // as PEFT has it
            _penalty = method.OrthogonalityWeight / (2 * AdaptedSites.Count());
            _means = Trained.ToDictionary(entry => entry.Name, entry => (Kept(entry.Parameter), Kept(entry.Parameter)));

            static Tensor Kept(Parameter parameter) => zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        }

        public override IEnumerable<(string Name, Tensor Tensor)> TrainingState => _means.SelectMany<KeyValuePair<string, (Tensor Importance, Tensor Uncertainty)>, (string, Tensor)>(
            entry => [($"importance.{entry.Key}", entry.Value.Importance), ($"uncertainty.{entry.Key}", entry.Value.Uncertainty)]);

        internal override IReadOnlyList<string> PeftTypes => [PeftConfig.AdaLora];

        /// <summary>The mean distance of A A^T and B^T B from the identity (eq. 4), as PEFT has it: the norm, not its square.</summary>
        public override Tensor? Penalty()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor identity = eye(((AdaLora)Method).Rank, device: A(AdaptedSites.First()).device);
            Tensor sum = stack(AdaptedSites.SelectMany(site => new[]
            {
                (A(site).mm(A(site).t()) - identity).norm(),
                (B(site).t().mm(B(site)) - identity).norm(),
            })).sum();
            return (sum * _penalty).MoveToOuterDisposeScope();
        }

        public override void AfterStep(long step, long steps)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            var method = (AdaLora)Method;
            bool isFinal = step >= steps - method.FinalSteps;
            if (!isFinal)
            {
                foreach ((string name, Parameter parameter) in Trained)
                {
                    Watch(parameter, _means[name].Importance, _means[name].Uncertainty);
                }
            }

            // Importances rest in the final steps, so that the same singular values stay zero.
            if (isFinal || (step > method.InitialSteps && step % method.Interval == 0))
            {
                Prune(method.Budget(step, steps, AdaptedSites.Count()));
            }
        }

        protected internal override Tensor Down(ProjectionSite site) => A(site) * E(site); // [r, in] [r, 1]

        protected internal override Tensor Up(ProjectionSite site) => B(site) * _scaling;

        internal override PeftForm ToPeft(string type)
        {
            var method = (AdaLora)Method;
            return new PeftForm(
                new JsonObject
                {
                    ["init_r"] = method.Rank,
                    ["target_r"] = method.TargetRank,
                    ["tinit"] = method.InitialSteps,
                    ["tfinal"] = method.FinalSteps,
                    ["deltaT"] = method.Interval,
                    ["beta1"] = method.ImportanceDecay,
                    ["beta2"] = method.UncertaintyDecay,
                    ["orth_reg_weight"] = method.OrthogonalityWeight,
                    ["lora_alpha"] = method.Alpha,
                    ["lora_dropout"] = method.Dropout,
                    ["total_step"] = method.InitialSteps + method.FinalSteps + 1, // PEFT refuses to load a folder without it
                },
                PeftForm.TensorsOf(this, site => [("lora_A", A(site)), ("lora_B", B(site)), ("lora_E", E(site))]));
        }

        /// <summary>
        /// Of pruned matrices PEFT stores the singular values that were kept, and in <c>rank_pattern</c> which these are. Here
        /// they come first, and those that follow stay zero.
        /// </summary>
        internal override IReadOnlyDictionary<string, Tensor> PeftTargets(PeftFolder stored)
        {
            if (!stored.Config.Has("rank_pattern"))
            {
                return base.PeftTargets(stored);
            }

            JsonFile pattern = stored.Config.GetObject("rank_pattern");
            return PeftForm.TensorsOf(this, site =>
            {
                long kept = Kept(pattern, $"{PeftModules.PathOf(Sites, site)}.lora_E");
                return [("lora_A", A(site).narrow(0, 0, kept)), ("lora_B", B(site).narrow(1, 0, kept)), ("lora_E", E(site).narrow(0, 0, kept))];
            });
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                foreach ((Tensor importance, Tensor uncertainty) in _means.Values)
                {
                    importance.Dispose();
                    uncertainty.Dispose();
                }
            }

            base.Dispose(disposing);
        }

        private int Kept(JsonFile pattern, string name)
        {
            JsonProperty[] found = [.. pattern.Root.EnumerateObject().Where(entry => name.EndsWith(entry.Name, StringComparison.Ordinal))];
            return found is [{ Value.ValueKind: JsonValueKind.Array } field] && field.Value.GetArrayLength() == ((AdaLora)Method).Rank
                ? field.Value.EnumerateArray().Count(item => item.ValueKind == JsonValueKind.True)
                : throw new CheckpointException($"{pattern.FilePath}: there must be one list of {((AdaLora)Method).Rank} truth values for {name}.");
        }

        /// <summary>The running means of |p dL/dp| and of its distance from that mean (eq. 9 and 10).</summary>
        private void Watch(Parameter parameter, Tensor importance, Tensor uncertainty)
        {
            if (parameter.grad is not { } gradient)
            {
                return;
            }

            var method = (AdaLora)Method;
            Tensor now = (parameter * gradient).abs();
            Average(importance, now, method.ImportanceDecay);
            Average(uncertainty, (now - importance).abs(), method.UncertaintyDecay);

            static void Average(Tensor mean, Tensor value, double decay)
            {
                using Scalar kept = decay;
                using Scalar share = 1 - decay;
                mean.mul_(kept).add_(value, share);
            }
        }

        /// <summary>Sets all singular values to zero but the budget's most important (eq. 6 to 8).</summary>
        private void Prune(int budget)
        {
            ProjectionSite[] sites = [.. AdaptedSites];
            Tensor[] scores = [.. sites.Select(site => Score(site, "E").squeeze(1).Plus(Score(site, "A").mean([1])).Plus(Score(site, "B").mean([0])))]; // [r]
            Tensor all = cat(scores);
            long pruned = all.size(0) - budget;
            if (pruned <= 0)
            {
                return;
            }

            Tensor threshold = all.kthvalue(pruned, 0).values;
            foreach ((ProjectionSite site, Tensor score) in sites.Zip(scores))
            {
                E(site).mul_((score > threshold).to(E(site).dtype).unsqueeze(1));
            }
        }

        private Tensor Score(ProjectionSite site, string part)
        {
            (Tensor importance, Tensor uncertainty) = _means[NameOf(site, part)];
            return importance * uncertainty;
        }

        private Parameter A(ProjectionSite site) => Part(site, "A");

        private Parameter B(ProjectionSite site) => Part(site, "B");

        private Parameter E(ProjectionSite site) => Part(site, "E");
    }
}
