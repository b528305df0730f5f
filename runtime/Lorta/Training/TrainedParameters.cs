using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Training;

/// <summary>The parameters of a run with their optimizers, and a copy of them from the best epoch so far.</summary>
internal sealed class TrainedParameters : IDisposable
{
    private readonly Trained[] _trained;
    private readonly IReadOnlyList<(string Name, Tensor Tensor)> _more;
    private Tensor[]? _best;

    public TrainedParameters(IReadOnlyList<ParameterGroup> groups, IReadOnlyList<(string Name, Tensor Tensor)> more, TrainingOptions options)
    {
        _more = more;
        _trained =
        [
            .. from g in groups
               from p in g.Parameters
               select new Trained(g, p.Name, p.Parameter, new AdamW(p.Parameter, options.Beta1, options.Beta2, options.Epsilon)),
        ];
    }

    public IEnumerable<Parameter> Parameters => _trained.Select(t => t.Parameter);

    public bool IsOnCpu => _trained[0].Parameter.device_type == DeviceType.CPU;

    /// <summary>The tensors that a run goes on from, by name. They are this run's own, or new in the caller's dispose scope.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        for (int i = 0; i < _trained.Length; i++)
        {
            (_, string name, Parameter parameter, AdamW optimizer) = _trained[i];
            yield return new($"parameter.{name}", parameter.detach());
            yield return new($"exp_avg.{name}", optimizer.Mean);
            yield return new($"exp_avg_sq.{name}", optimizer.Square);
            yield return new($"step.{name}", tensor(optimizer.Steps));
            if (_best is not null)
            {
                yield return new($"best.{name}", _best[i]);
            }
        }

        foreach ((string name, Tensor value) in _more)
        {
            yield return new($"state.{name}", value);
        }
    }

    /// <summary>Takes over what <see cref="State"/> gave; <paramref name="read"/> gives a tensor of its own by name.</summary>
    public void Restore(Func<string, Tensor> read, bool hasBest)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((_, string name, Parameter parameter, AdamW optimizer) in _trained)
        {
            parameter.copy_(read($"parameter.{name}"));
            optimizer.Mean.copy_(read($"exp_avg.{name}"));
            optimizer.Square.copy_(read($"exp_avg_sq.{name}"));
            optimizer.Steps = read($"step.{name}").item<long>();
        }

        foreach ((string name, Tensor value) in _more)
        {
            value.copy_(read($"state.{name}"));
        }

        if (hasBest)
        {
            SetBest([.. _trained.Select(t => read($"best.{t.Name}").to(t.Parameter.device))]);
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

    /// <summary>One step of every parameter, with its group's learning rate times <paramref name="factor"/>.</summary>
    public void Step(double factor)
    {
        foreach ((ParameterGroup group, _, _, AdamW optimizer) in _trained)
        {
            optimizer.Step(group.LearningRate * factor, group.WeightDecay);
        }
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
        return index < 0 ? null : _trained[index].Name;
    }

    public void Dispose()
    {
        SetBest(null);
        foreach (Trained trained in _trained)
        {
            trained.Optimizer.Dispose();
        }
    }

    private void SetBest(Tensor[]? best)
    {
        foreach (Tensor old in _best ?? [])
        {
            old.Dispose();
        }

        _best = best is null ? null : [.. best.Select(b => b.DetachFromDisposeScope())];
    }

    private sealed record Trained(ParameterGroup Group, string Name, Parameter Parameter, AdamW Optimizer);
}
