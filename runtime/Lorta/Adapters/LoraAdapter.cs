using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>LoRA's factors: for each adapted matrix A [r, in] and B [out, r].</summary>
public class LoraAdapter : LowRankAdapter
{
    private readonly Scalar _scaling;

    /// <summary>Attaches a new adapter, whose first forward is the base model's: A is uniform within 1/sqrt(in), B is zero.</summary>
    /// <param name="sites">Where adapters act in the model.</param>
    /// <param name="method">What the adapter is.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <param name="trainsA">Whether A is trained, or kept at its random start.</param>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public LoraAdapter(AdapterSites sites, LoraMethod method, string name = "default", bool trainsA = true)
        : base(sites, method, name)
    {
        using DisposeScope scope = NewDisposeScope();
        _scaling = method.Scaling;
        foreach (ProjectionSite site in AdaptedSites)
        {
            double bound = 1 / Math.Sqrt(site.Columns);
            AddParameter(site, "A", empty(method.Rank, site.Columns).uniform_(-bound, bound), trainsA);
            AddParameter(site, "B", zeros(site.Rows, method.Rank));
        }
    }

    /// <summary>The factor A of a matrix.</summary>
    /// <param name="site">An adapted matrix.</param>
    /// <returns>The parameter [r, in].</returns>
    public Parameter A(ProjectionSite site) => Part(site, "A");

    /// <summary>The factor B of a matrix.</summary>
    /// <param name="site">An adapted matrix.</param>
    /// <returns>The parameter [out, r].</returns>
    public Parameter B(ProjectionSite site) => Part(site, "B");

    /// <inheritdoc/>
    protected internal override Tensor Down(ProjectionSite site) => A(site);

    /// <inheritdoc/>
    protected internal override Tensor Up(ProjectionSite site) => B(site) * _scaling;

    internal override IReadOnlyList<string> PeftTypes => [PeftConfig.Lora];

    internal override PeftForm ToPeft(string type) => new(((LoraMethod)Method).ToPeft(), PeftForm.TensorsOf(this, Parts));

    /// <summary>The tensors of a matrix by PEFT's names.</summary>
    private protected virtual IEnumerable<(string Name, Tensor Tensor)> Parts(ProjectionSite site) =>
        [("lora_A.weight", A(site)), ("lora_B.weight", B(site))];
}
