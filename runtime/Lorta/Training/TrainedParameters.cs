using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>The parameters of a run with their AdamW, and a copy of them from the best epoch so far.</summary>
internal sealed class TrainedParameters : IDisposable
{
    private readonly IReadOnlyList<ParameterGroup> _groups;
    private readonly (string Name, Parameter Parameter)[] _named;
    private readonly AdamW _optimizer;
    private readonly AdamW.State[] _moments;
    private Tensor[]? _best;

    public TrainedParameters(IReadOnlyList<ParameterGroup> groups, TrainingOptions options)
    {
        _groups = groups;
        _named = [.. groups.SelectMany(g => g.Parameters)];
        _optimizer = new AdamW(groups.Select(g => new AdamW.ParamGroup(
            [.. g.Parameters.Select(p => p.Parameter)], g.LearningRate, options.Beta1, options.Beta2, options.Epsilon, g.WeightDecay)));
        _moments = [.. _optimizer.state_dict().State.Cast<AdamW.State>()];
    }

    public IEnumerable<Parameter> Parameters => _named.Select(p => p.Parameter);

    public bool IsOnCpu => _named[0].Parameter.device_type == DeviceType.CPU;

    /// <summary>The tensors that a run goes on from, by name. They are this run's own, or new in the caller's dispose scope.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        for (int i = 0; i < _named.Length; i++)
        {
            (string name, Parameter parameter) = _named[i];
            yield return new($"parameter.{name}", parameter.detach());
            yield return new($"exp_avg.{name}", _moments[i].exp_avg);
            yield return new($"exp_avg_sq.{name}", _moments[i].exp_avg_sq);
            yield return new($"step.{name}", tensor(_moments[i].step));
            if (_best is not null)
            {
                yield return new($"best.{name}", _best[i]);
            }
        }
    }

    /// <summary>Takes over what <see cref="State"/> gave; <paramref name="read"/> gives a tensor of its own by name.</summary>
    public void Restore(Func<string, Tensor> read, bool hasBest)
    {
        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        for (int i = 0; i < _named.Length; i++)
        {
            (string name, Parameter parameter) = _named[i];
            parameter.copy_(read($"parameter.{name}"));
            _moments[i].exp_avg.copy_(read($"exp_avg.{name}"));
            _moments[i].exp_avg_sq.copy_(read($"exp_avg_sq.{name}"));
            _moments[i].step = read($"step.{name}").item<long>();
        }

        if (hasBest)
        {
            SetBest([.. _named.Select(p => read($"best.{p.Name}").to(p.Parameter.device))]);
        }
    }

    // To null, not to zero: a parameter that a step does not use must not be decayed, whether the run was resumed before or not.
    public void DropGradients()
    {
        foreach (Parameter parameter in Parameters)
        {
            parameter.grad = null;
        }
    }

    /// <summary>Gives every parameter that has no gradient one of zeros.</summary>
    public void FillGradients()
    {
        foreach (Parameter parameter in Parameters)
        {
            using Tensor? gradient = parameter.grad;
            if (gradient is null)
            {
                parameter.grad = zeros_like(parameter);
            }
        }
    }

    /// <summary>One step of AdamW with every group's rate times <paramref name="factor"/>.</summary>
    public void Step(double factor)
    {
        foreach ((ParameterGroup group, optim.ILearningRateController controller) in _groups.Zip(_optimizer.ParamGroups))
        {
            controller.LearningRate = group.LearningRate * factor;
        }

        _optimizer.step();
    }

    public void KeepAsBest()
    {
        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SetBest([.. Parameters.Select(p => p.clone())]);
    }

    public void TakeBest()
    {
        using IDisposable _ = no_grad();
        foreach ((Parameter parameter, Tensor best) in Parameters.Zip(_best ?? []))
        {
            parameter.copy_(best);
        }
    }

    /// <summary>The name of the first parameter that holds a NaN or an infinity; null if there is none.</summary>
    public string? FindNonFinite()
    {
        using IDisposable _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        bool[] finite = stack(Parameters.Select(p => p.isfinite().all())).cpu().data<bool>().ToArray();
        int index = Array.IndexOf(finite, false);
        return index < 0 ? null : _named[index].Name;
    }

    public void Dispose()
    {
        SetBest(null);
        _optimizer.Dispose();
    }

    private void SetBest(Tensor[]? best)
    {
        foreach (Tensor old in _best ?? [])
        {
            old.Dispose();
        }

        _best = best is null ? null : [.. best.Select(b => b.DetachFromDisposeScope())];
    }
}
