using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>A method of fine-tuning with its options: what makes adapters of one kind.</summary>
public abstract record AdapterMethod
{
    /// <summary>The method's name on disk and on command lines, such as <c>lorta</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it trains the base's own weights, in place, so that no other adapter can act on the same base.</summary>
    public virtual bool TrainsBase => false;

    /// <summary>The adapter's highest learning rate under AdamW where none is chosen.</summary>
    public virtual double DefaultRate => 1e-3;

    /// <summary>The head's highest learning rate beside it where none is chosen.</summary>
    public virtual double DefaultHeadRate => 1e-3;

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

    /// <summary>The method with some options changed, as text gives them.</summary>
    /// <param name="options">Values by the names that <see cref="ToJson"/> gives, such as <c>rank</c>; sets as lists, such as <c>query,value</c>.</param>
    /// <returns>The changed method; whether it fits a model is told where it is attached.</returns>
    /// <exception cref="ArgumentException">The method lacks an option, or a value is of another type.</exception>
    public AdapterMethod With(IReadOnlyDictionary<string, string> options)
    {
        JsonObject json = ToJson();
        foreach ((string name, string value) in options)
        {
            json[name] = json[name] is { } given ? Parse(value, given.GetValueKind()) : throw new ArgumentException(
                $"The method {Name} has no option '{name}': it has {(json.Count == 0 ? "none" : string.Join(", ", json.Select(field => field.Key)))}.");
        }

        try
        {
            return AdapterMethods.Read(Name, JsonFile.Of($"The options of {Name}", json));
        }
        catch (CheckpointException error)
        {
            throw new ArgumentException(error.Message, error);
        }
    }

    /// <summary>Text that is no value of the kind stays text, for the reader to refuse.</summary>
    private static JsonNode Parse(string text, JsonValueKind kind) => kind switch
    {
        JsonValueKind.Number when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => whole,
        JsonValueKind.Number when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => number,
        JsonValueKind.True or JsonValueKind.False when bool.TryParse(text, out bool value) => value,
        _ => text,
    };
}
