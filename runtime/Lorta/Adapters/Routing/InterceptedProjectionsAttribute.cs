namespace Lorta.Adapters;

/// <summary>
/// Says that the calls of the projections that a class holds are intercepted in this assembly, so that models of other
/// assemblies can use the class as their attention. The source generator emits it.
/// </summary>
/// <param name="holder">The class.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class InterceptedProjectionsAttribute(Type holder) : Attribute
{
    /// <summary>The class.</summary>
    public Type Holder { get; } = holder;
}
