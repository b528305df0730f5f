using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>The methods that adapter folders can name.</summary>
public static class AdapterMethods
{
    private static readonly Dictionary<string, Func<JsonFile, AdapterMethod>> Readers = new(StringComparer.Ordinal)
    {
        [LortaOptions.MethodName] = LortaOptions.FromJson,
        [HeadOnly.MethodName] = _ => new HeadOnly(),
        [FullFineTuning.MethodName] = _ => new FullFineTuning(),
    };

    /// <summary>The names of all methods.</summary>
    public static IReadOnlyCollection<string> Names => Readers.Keys;

    /// <summary>Reads a method's options.</summary>
    /// <param name="config">An adapter's configuration.</param>
    /// <returns>The method.</returns>
    /// <exception cref="CheckpointException">The method is unknown, or an option is missing or out of range.</exception>
    public static AdapterMethod Read(JsonFile config)
    {
        string name = config.GetString("method");
        return Readers.TryGetValue(name, out Func<JsonFile, AdapterMethod>? read)
            ? read(config.GetObject("options"))
            : throw new CheckpointException($"{config.FilePath}: the method is '{name}', and only {string.Join(", ", Names)} are known.");
    }
}
