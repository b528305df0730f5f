using System.Text.Json.Nodes;
using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// A named set of trained numbers attached to a model. It acts on the model's forward inside <see cref="Use"/>, or
/// everywhere while it is merged. Its parameters are its own: the model's <c>parameters()</c> and <c>state_dict()</c> show the base.
/// </summary>
public abstract class Adapter : nn.Module, IActiveAdapter
{
    private readonly Dictionary<ProjectionSite, Tensor> _baseWeights = [];
    private bool _detached;

    /// <summary>Attaches an adapter.</summary>
    /// <param name="sites">Where adapters act in the model.</param>
    /// <param name="method">What makes it.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    protected Adapter(AdapterSites sites, AdapterMethod method, string name)
        : base(name)
    {
        Sites = sites;
        Method = method;
        Name = name;
        sites.Add(this);
    }

    /// <summary>The adapter's name, unique on its model.</summary>
    public string Name { get; }

    /// <summary>Where adapters act in the model.</summary>
    public AdapterSites Sites { get; }

    /// <summary>What made it: a method with its options.</summary>
    public AdapterMethod Method { get; }

    /// <summary>Whether the adapter is folded into the base weights.</summary>
    public bool IsMerged => ReferenceEquals(Sites.Merged, this);

    /// <summary>Whether base weights exist that compute what the adapter computes.</summary>
    public virtual bool CanMerge => true;

    /// <summary>Whether it changes the ends of sublayers.</summary>
    internal virtual bool ActsOnSublayers => false;

    /// <summary>How many of its numbers are trained.</summary>
    public long TrainableCount => Trained.Sum(entry => entry.Parameter.numel());

    /// <summary>The parameters that training changes, by name.</summary>
    public virtual IEnumerable<(string Name, Parameter Parameter)> Trained =>
        named_parameters().Where(entry => entry.parameter.requires_grad).Select(entry => (entry.name, entry.parameter));

    /// <summary>All numbers that make the adapter, by name: the trained and, where there are some, the frozen.</summary>
    public virtual IReadOnlyDictionary<string, Tensor> State =>
        named_parameters().Select(entry => (entry.name, entry.parameter)).Union(Trained).ToDictionary(entry => entry.Item1, entry => (Tensor)entry.Item2);

    /// <summary>Loads an adapter that <see cref="Save"/> wrote and attaches it, untrained numbers and all.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="CheckpointException">The folder is damaged, or was made for a base of other sizes; the model is as it was.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public static Adapter Load(IAdaptable model, string folder, string name = "default")
    {
        using AdapterFolder stored = AdapterFolder.Open(folder);
        return Load(model, stored, name);
    }

    /// <summary>Opens a scope of the calling code in which this adapter is its model's active one.</summary>
    /// <returns>The scope: dispose it to end it.</returns>
    /// <exception cref="InvalidOperationException">The adapter is detached, or another is merged into the model.</exception>
    public AdapterScope Use()
    {
        ThrowIfDetached();
        ThrowIfMerged(except: this);
        return AdapterScope.Of(this);
    }

    /// <summary>
    /// Folds the update into the base weights, in place, so that the plain model computes what it computes with this adapter
    /// active. The base weights are kept for <see cref="Unmerge"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The adapter is detached or can't be merged, or some adapter is merged already.</exception>
    public void Merge()
    {
        ThrowIfDetached();
        if (!CanMerge)
        {
            throw new InvalidOperationException($"An adapter of the method {Method.Name} is no change of the base weights, so that it can't be merged: use it by its scope.");
        }

        if (Sites.Merged is { } merged)
        {
            throw new InvalidOperationException($"The adapter '{merged.Name}' is merged already: unmerge it first.");
        }

        Sites.Outside?.RequireBase();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (ProjectionSite site in AdaptedSites)
        {
            Tensor weight = site.Weight;
            _baseWeights[site] = weight.clone().DetachFromDisposeScope();
            using Tensor folded = MergedWeight(site, weight);
            weight.copy_(folded);
        }

        Sites.Merged = this;
    }

    /// <summary>Gives the base weights back, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">The adapter is not merged.</exception>
    public void Unmerge()
    {
        if (!IsMerged)
        {
            throw new InvalidOperationException($"The adapter '{Name}' is not merged.");
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((ProjectionSite site, Tensor weight) in _baseWeights)
        {
            site.Weight.copy_(weight);
            weight.Dispose();
        }

        _baseWeights.Clear();
        Sites.Merged = null;
    }

    /// <summary>Takes the adapter off its model, unmerging it where it is merged. It can't be used again.</summary>
    public virtual void Detach()
    {
        if (_detached)
        {
            return;
        }

        if (IsMerged)
        {
            Unmerge();
        }

        _detached = true;
        Sites.Remove(this);
    }

    /// <summary>Writes the adapter as a folder: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
    /// <param name="folder">The folder, made where it is missing.</param>
    /// <exception cref="CheckpointException">A file can't be written; no file is left half-written.</exception>
    public void Save(string folder) => AdapterFolder.Write(folder, Describe(), StateUnder("adapter."));

    /// <summary>What the adapter is and for what base, as its folder keeps it.</summary>
    /// <returns>The fields <c>method</c>, <c>options</c> and <c>base</c>.</returns>
    public JsonObject Describe() => new()
    {
        ["method"] = Method.Name,
        ["options"] = Method.ToJson(),
        ["base"] = Sites.Layout.ToJson(),
    };

    /// <summary>What the adapter adds to the loss of a training step.</summary>
    /// <returns>A scalar with a gradient, or null for nothing.</returns>
    public virtual Tensor? Penalty() => null;

    /// <summary>Called after each step of the optimizer, with the gradients of the step still there.</summary>
    /// <param name="step">The number of the step, from 1.</param>
    /// <param name="steps">How many steps the run has.</param>
    public virtual void AfterStep(long step, long steps)
    {
    }

    /// <summary>Tensors beside the trained parameters that a stopped run needs to go on, by name.</summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> TrainingState => [];

    /// <summary>How much faster than the adapter's learning rate a parameter learns.</summary>
    /// <param name="name">Its name among <see cref="Trained"/>.</param>
    /// <returns>A factor; 1 where the method has no rates of its own.</returns>
    public virtual double RateOf(string name) => 1;

    /// <summary>The matrices that the adapter updates: none where it acts otherwise.</summary>
    protected internal virtual IEnumerable<ProjectionSite> AdaptedSites => [];

    /// <summary>Answers a projection's call with this adapter active.</summary>
    /// <param name="sites">The matrices that the projection holds, in the order of their rows.</param>
    /// <param name="call">The call.</param>
    /// <returns>The output [..., out], moved out of any dispose scope of the method.</returns>
    protected internal virtual Tensor Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call) => call.Base(call.Input);

    /// <summary>Closes a sublayer with this adapter active.</summary>
    /// <param name="site">The sublayer.</param>
    /// <param name="output">Its output after its last projection and dropout [b, s, d].</param>
    /// <param name="residual">Its input [b, s, d].</param>
    /// <returns>The next sublayer's input [b, s, d], moved out of any dispose scope of the method.</returns>
    protected internal virtual Tensor Close(SublayerSite site, Tensor output, Tensor residual) => site.Module.Close(output, residual);

    /// <summary>The weight of a matrix with the adapter folded in.</summary>
    /// <param name="site">The matrix.</param>
    /// <param name="weight">Its base weight [out, in].</param>
    /// <returns>A new tensor [out, in] of the weight's type.</returns>
    protected internal virtual Tensor MergedWeight(ProjectionSite site, Tensor weight) => weight.clone();

    IEnumerable<Parameter> IActiveAdapter.Parameters => parameters();

    Tensor IActiveAdapter.Project(ReadOnlySpan<ProjectionSite> sites, in ProjectionCall call) => Project(sites, call);

    Tensor IActiveAdapter.Close(SublayerSite site, Tensor output, Tensor residual) => Close(site, output, residual);

    /// <summary>Throws the error of a backward that ended without the adapter's gradients, once.</summary>
    internal virtual void ThrowIfBackwardFailed()
    {
    }

    /// <summary>The values of <c>peft_type</c> that the adapter can be written as, the first where none is asked for.</summary>
    internal virtual IReadOnlyList<string> PeftTypes => [];

    /// <summary>The adapter in PEFT's terms, as one of <see cref="PeftTypes"/>.</summary>
    internal virtual PeftForm ToPeft(string type) => throw new NotSupportedException($"PEFT has no form of {Method.Name}.");

    /// <summary>The tensors that a folder in PEFT's terms fills, by their full names.</summary>
    internal virtual IReadOnlyDictionary<string, Tensor> PeftTargets(PeftFolder stored) => ToPeft(stored.Type).Tensors;

    internal static Adapter Load(IAdaptable model, AdapterFolder stored, string name) =>
        Load(model, stored, method => method.Attach(model, name));

    private protected static TAdapter Load<TAdapter>(IAdaptable model, AdapterFolder stored, Func<AdapterMethod, TAdapter> attach)
        where TAdapter : Adapter
    {
        AdapterMethod method = AdapterMethods.Read(stored.Config);
        model.Sites.Layout.RequireSame(stored.Config.GetObject("base"));
        TAdapter adapter;
        try
        {
            adapter = attach(method);
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException($"{stored.Config.FilePath} does not fit the model: {error.Message}", error);
        }

        try
        {
            stored.Fill("adapter.", adapter.State);
            return adapter;
        }
        catch
        {
            adapter.Detach();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Detach();
        }

        base.Dispose(disposing);
    }

    /// <summary>Adds a parameter, which lives as long as the adapter.</summary>
    private protected void AddParameter(string name, Tensor start, bool trained = true)
    {
        using (start)
        {
            var parameter = new Parameter(start, trained);
            parameter.DetachFromDisposeScope();
            register_parameter(name, parameter);
        }
    }

    /// <summary>A factor in the type of the activations that it meets.</summary>
    /// <exception cref="InvalidOperationException">It is on another device.</exception>
    private protected Tensor As(Tensor factor, Tensor activations)
    {
        if (factor.device_type != activations.device_type || factor.device_index != activations.device_index)
        {
            throw new InvalidOperationException(
                $"The adapter '{Name}' is on {factor.device} and its input on {activations.device}: move the adapter with to({activations.device}).");
        }

        return factor.dtype == activations.dtype ? factor : factor.to(activations.dtype);
    }

    internal IEnumerable<KeyValuePair<string, Tensor>> StateUnder(string prefix) =>
        State.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(prefix + entry.Key, entry.Value));

    /// <exception cref="InvalidOperationException">The adapter is detached, or some adapter is merged into the model.</exception>
    internal void RequireUnmerged()
    {
        ThrowIfDetached();
        ThrowIfMerged(except: null);
    }

    private void ThrowIfMerged(Adapter? except)
    {
        if (Sites.Merged is { } merged && merged != except)
        {
            throw new InvalidOperationException($"The adapter '{merged.Name}' is merged into the model: unmerge it before using '{Name}'.");
        }
    }

    private void ThrowIfDetached()
    {
        if (_detached)
        {
            throw new InvalidOperationException($"The adapter '{Name}' is detached: attach a new one.");
        }
    }
}
