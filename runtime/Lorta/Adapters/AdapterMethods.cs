using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>The methods that adapter folders can name.</summary>
public static class AdapterMethods
{
    private static readonly Dictionary<string, Func<JsonFile, AdapterMethod>> Readers = new(StringComparer.Ordinal)
    {
        [LortaOptions.MethodName] = LortaOptions.FromJson,
        [Nola.MethodName] = Nola.FromJson,
        [HoulsbyAdapters.MethodName] = HoulsbyAdapters.FromJson,
        [PfeifferAdapters.MethodName] = PfeifferAdapters.FromJson,
        [AdapterDrop.MethodName] = AdapterDrop.FromJson,
        [BitFit.MethodName] = _ => new BitFit(),
        [HeadOnly.MethodName] = _ => new HeadOnly(),
        [Lora.MethodName] = Lora.FromJson,
        [LoraPlus.MethodName] = LoraPlus.FromJson,
        [LoraFa.MethodName] = LoraFa.FromJson,
        [Dora.MethodName] = Dora.FromJson,
        [Vera.MethodName] = Vera.FromJson,
        [AdaLora.MethodName] = AdaLora.FromJson,
        [FullFineTuning.MethodName] = _ => new FullFineTuning(),
    };

    private static readonly Dictionary<string, Func<JsonFile, AttentionMatrices, AdapterMethod>> PeftReaders = new(StringComparer.Ordinal)
    {
        [PeftConfig.Lora] = Lora.FromPeft,
        [PeftConfig.Vera] = Vera.FromPeft,
        [PeftConfig.AdaLora] = AdaLora.FromPeft,
        [PeftConfig.Lorta] = LortaOptions.FromReference,
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

    /// <summary>Reads a method's options from a folder in PEFT's terms.</summary>
    /// <exception cref="CheckpointException">A field is missing or out of range.</exception>
    internal static AdapterMethod ReadPeft(PeftFolder stored, AttentionMatrices targets) => PeftReaders[stored.Type](stored.Config, targets);
}
