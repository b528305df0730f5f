using TorchSharp.Modules;

namespace Lorta.Training;

/// <summary>Parameters that share a learning rate and a weight decay, such as a head's weights, its biases, or an adapter's factors.</summary>
/// <param name="Name">The name that progress reports the group's learning rate by.</param>
/// <param name="Parameters">The trained parameters by names that are unique over all groups of a run.</param>
/// <param name="LearningRate">The highest learning rate, which the schedule's factor multiplies; 0 or more.</param>
/// <param name="WeightDecay">AdamW's decoupled weight decay; 0 or more.</param>
public sealed record ParameterGroup(
    string Name, IReadOnlyList<(string Name, Parameter Parameter)> Parameters, double LearningRate, double WeightDecay = 0);
