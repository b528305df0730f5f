using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// A method that trains frozen weights of the base in place, so that it is always active, and the only adapter of its model.
/// Detaching gives the base weights back.
/// </summary>
internal abstract class BaseWeightsAdapter : Adapter
{
    private readonly Dictionary<string, Parameter> _trained;
    private readonly Dictionary<string, Tensor> _start;

    protected BaseWeightsAdapter(AdapterSites sites, AdapterMethod method, string name, Func<string, bool> isTrained)
        : base(sites, method, name)
    {
        _trained = sites.Model.named_parameters()
            .Where(entry => !entry.parameter.requires_grad && isTrained(entry.name))
            .ToDictionary(entry => entry.name, entry => entry.parameter);
        _start = _trained.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope());
        foreach (Parameter parameter in _trained.Values)
        {
            parameter.requires_grad = true;
        }
    }

    public override IEnumerable<(string Name, Parameter Parameter)> Trained => _trained.Select(entry => (entry.Key, entry.Value));

    public override void Detach()
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor start) in _start)
        {
            _trained[name].copy_(start);
            _trained[name].requires_grad = false;
            start.Dispose();
        }

        _start.Clear();
        base.Detach();
    }
}
