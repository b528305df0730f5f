namespace Lorta.Adapters;

/// <summary>How a projection's calls reach the active adapter.</summary>
public enum ProjectionRoute
{
    /// <summary>Each call is intercepted: the class that makes it was compiled with the source generator.</summary>
    Interceptor,

    /// <summary>
    /// The class that makes the calls is of another assembly, and no scope has closed yet. Until then the route is that of
    /// <see cref="Weight"/>, which is right for every class.
    /// </summary>
    Undecided,

    /// <summary>A class of another assembly uses <c>call</c>: a forward hook adds the update.</summary>
    Hook,

    /// <summary>
    /// A class of another assembly uses <c>forward</c>, which runs no hooks: for the length of a scope the linear layer has
    /// W + update as its weight. The update is then a dense matrix, the base weight gets no gradient, and only one thread
    /// at a time can use an adapter of the model. Open one scope for each step, around forward and backward.
    /// </summary>
    Weight,
}
