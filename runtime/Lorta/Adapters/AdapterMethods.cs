using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>The methods that adapter folders and command lines can name.</summary>
public static class AdapterMethods
{
    // By the name on command lines: a method with its defaults, and how its options are read. Several names may stand for one method.
    private static readonly Dictionary<string, (AdapterMethod Default, Func<JsonFile, AdapterMethod> Read)> Registered = new(StringComparer.Ordinal)
    {
        [LortaOptions.MethodName] = (new LortaOptions(), LortaOptions.FromJson),
        [HeadOnly.MethodName] = (new HeadOnly(), _ => new HeadOnly()),
        [FullFineTuning.MethodName] = (new FullFineTuning(), _ => new FullFineTuning()),
        [BitFit.MethodName] = (new BitFit(), _ => new BitFit()),
        [Lora.MethodName] = (new Lora(), Lora.FromJson),
        ["rslora"] = (new Lora { RankStabilized = true }, Lora.FromJson),
        [LoraPlus.MethodName] = (new LoraPlus(), LoraPlus.FromJson),
        [LoraFa.MethodName] = (new LoraFa(), LoraFa.FromJson),
        [Dora.MethodName] = (new Dora(), Dora.FromJson),
        [Vera.MethodName] = (new Vera(), Vera.FromJson),
        [Nola.MethodName] = (new Nola(), Nola.FromJson),
        [AdaLora.MethodName] = (new AdaLora(), AdaLora.FromJson),
        [HoulsbyAdapters.MethodName] = (new HoulsbyAdapters(), HoulsbyAdapters.FromJson),
        [PfeifferAdapters.MethodName] = (new PfeifferAdapters(), PfeifferAdapters.FromJson),
        [AdapterDrop.MethodName] = (new AdapterDrop(), AdapterDrop.FromJson),
    };

    private static readonly Dictionary<string, Func<JsonFile, AttentionMatrices, AdapterMethod>> PeftReaders = new(StringComparer.Ordinal)
    {
        [PeftConfig.Lora] = Lora.FromPeft,
        [PeftConfig.Vera] = Vera.FromPeft,
        [PeftConfig.AdaLora] = AdaLora.FromPeft,
        [PeftConfig.Lorta] = LortaOptions.FromReference,
    };

    /// <summary>The names of all methods.</summary>
    public static IReadOnlyCollection<string> Names => Registered.Keys;

    /// <summary>A method with its defaults; <see cref="AdapterMethod.With"/> changes options by name.</summary>
    /// <param name="name">One of <see cref="Names"/>; <c>rslora</c> is <see cref="Lora"/> with <see cref="LoraMethod.RankStabilized"/>.</param>
    /// <returns>The method.</returns>
    /// <exception cref="ArgumentException">No method has the name.</exception>
    public static AdapterMethod Create(string name) => Registered.TryGetValue(name, out (AdapterMethod Default, Func<JsonFile, AdapterMethod>) entry)
        ? entry.Default
        : throw new ArgumentException($"'{name}' is no method: choose one of {string.Join(", ", Names)}.");

    /// <summary>Reads a method's options.</summary>
    /// <param name="config">An adapter's configuration.</param>
    /// <returns>The method.</returns>
    /// <exception cref="CheckpointException">The method is unknown, or an option is missing or out of range.</exception>
    public static AdapterMethod Read(JsonFile config)
    {
        string name = config.GetString("method");
        return Registered.ContainsKey(name)
            ? Read(name, config.GetObject("options"))
            : throw new CheckpointException($"{config.FilePath}: the method is '{name}', and only {string.Join(", ", Names)} are known.");
    }

    /// <summary>Reads the options of a method that is known by name.</summary>
    /// <exception cref="CheckpointException">An option is missing or out of range.</exception>
    internal static AdapterMethod Read(string name, JsonFile options) => Registered[name].Read(options);

    /// <summary>Reads a method's options from a folder in PEFT's terms.</summary>
    /// <exception cref="CheckpointException">A field is missing or out of range.</exception>
    internal static AdapterMethod ReadPeft(PeftFolder stored, AttentionMatrices targets) => PeftReaders[stored.Type](stored.Config, targets);
}
