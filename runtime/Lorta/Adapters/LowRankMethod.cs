using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>A method that gives each adapted attention matrix an update of low rank.</summary>
public abstract record LowRankMethod : AdapterMethod
{
    /// <summary>The rank r of an update: at least 1, at most <see cref="MaxRank"/>.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The matrices that get an update; those that the model lacks are left out.</summary>
    public AttentionMatrices Targets { get; init; } = AttentionMatrices.All;

    /// <summary>The dropout probability on the adapter's input while training: at least 0, below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>How many numbers an adapter trains.</summary>
    /// <param name="layout">The sizes of a model's attention.</param>
    /// <returns>The count over all layers and all matrices that are targets.</returns>
    public long ParameterCount(AttentionLayout layout) => layout.Layers * Enum.GetValues<AttentionMatrix>()
        .Where(IsTarget)
        .Sum(matrix => matrix == AttentionMatrix.Output
            ? ParameterCount(layout.Width, layout.HeadRows(matrix))
            : ParameterCount(layout.HeadRows(matrix), layout.Width));

    /// <inheritdoc/>
    public override JsonObject ToJson() => new()
    {
        ["rank"] = Rank,
        ["targets"] = Targets.ToString().ToLowerInvariant(),
        ["dropout"] = Dropout,
    };

    /// <summary>The highest rank for a model of a width.</summary>
    /// <param name="width">The model's width, d.</param>
    /// <returns>The width, as a matrix has no higher rank.</returns>
    protected virtual int MaxRank(int width) => width;

    /// <summary>The numbers trained for one matrix.</summary>
    /// <param name="rows">The matrix's output features.</param>
    /// <param name="columns">Its input features.</param>
    /// <returns>The count.</returns>
    protected abstract long ParameterCount(long rows, long columns);

    /// <summary>The adapted matrices of a model.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    internal IReadOnlyList<ProjectionSite> SitesOf(AdapterSites sites)
    {
        Validate(sites.Layout);
        ProjectionSite[] adapted = [.. sites.Projections.Where(site => IsTarget(site.Matrix))];
        return adapted.Length > 0
            ? adapted
            : throw new ArgumentException($"The targets {Targets} name no matrix of the model, which has {sites.Matrices}.");
    }

    private protected virtual void Validate(AttentionLayout layout)
    {
        int max = MaxRank(layout.Width);
        if (Rank < 1 || Rank > max)
        {
            throw new ArgumentOutOfRangeException(nameof(Rank), $"Rank is {Rank}: choose one from 1 to {max}, which goes with the model's width of {layout.Width}.");
        }

        if (!(Dropout >= 0 && Dropout < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Dropout), $"Dropout is {Dropout}: choose a probability of at least 0 and below 1.");
        }
    }

    private protected LowRankMethod WithJson(JsonFile options) => this with
    {
        Rank = options.GetInt32("rank", min: 1),
        Targets = options.GetEnum<AttentionMatrices>("targets"),
        Dropout = options.GetDouble("dropout"),
    };

    private bool IsTarget(AttentionMatrix matrix) => Targets.HasFlag((AttentionMatrices)(1 << (int)matrix));
}
