using System.Text.Json.Nodes;

namespace Lorta.Adapters;

/// <summary>A method of fine-tuning with its options: what makes adapters of one kind.</summary>
public abstract record AdapterMethod
{
    /// <summary>The method's name on disk and on command lines, such as <c>lorta</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it trains the base's own weights, in place, so that no other adapter can act on the same base.</summary>
    public virtual bool TrainsBase => false;

    /// <summary>Attaches a new adapter to a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">A name that no other adapter of the model has.</param>
    /// <returns>The adapter; the model computes with it active what it computed before.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or does not fit the model.</exception>
    /// <exception cref="InvalidOperationException">Another adapter of the model has the name.</exception>
    public abstract Adapter Attach(IAdaptable model, string name = "default");

    /// <summary>The options as an adapter folder keeps them.</summary>
    /// <returns>Fields of numbers, truth values and strings.</returns>
    public abstract JsonObject ToJson();
}
