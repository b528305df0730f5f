using static TorchSharp.torch;

namespace Lorta.Checkpoints;

/// <summary>
/// An adapter folder as the code that LoRTA's authors published writes it: a fork of PEFT with <c>peft_type</c> LORTA. One
/// tensor over heads, layers and the four matrices, with the heads on the input side of all four; A and the C factors as in the
/// paper, B transposed.
/// </summary>
public sealed class ReferenceLortaFolder : IDisposable
{
    /// <summary>The configuration's <c>peft_type</c>.</summary>
    public const string PeftType = "LORTA";

    private const string Prefix = "base_model.model.";
    private const string FactorPrefix = "lora_";

    private readonly AdapterFolder _folder;

    private ReferenceLortaFolder(AdapterFolder folder) => _folder = folder;

    /// <summary>The rank r.</summary>
    public int Rank => Config.GetInt32("r", min: 1);

    /// <summary>The numerator of the scaling.</summary>
    public double Alpha => Config.GetDouble("lora_alpha");

    /// <summary>Whether the scaling is alpha/sqrt(r).</summary>
    public bool RankStabilized => Config.GetBoolean("use_rslora", false);

    /// <summary>The dropout probability on the adapter's input.</summary>
    public double Dropout => Config.GetDouble("lora_dropout", 0);

    /// <summary>The names, or ends of names, of the adapted modules.</summary>
    public IReadOnlyList<string> TargetModules => Config.GetStrings("target_modules");

    /// <summary>The configuration.</summary>
    public JsonFile Config => _folder.Config;

    /// <summary>The names of the tensors beside the factors, such as <c>classifier.weight</c>, without the prefix.</summary>
    public IEnumerable<string> HeadNames =>
        _folder.Weights.Entries.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])
            .Where(name => !name.StartsWith(FactorPrefix, StringComparison.Ordinal));

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or the adapter is of another kind.</exception>
    public static ReferenceLortaFolder Open(string folder)
    {
        AdapterFolder opened = AdapterFolder.Open(folder);
        string type = opened.Config.GetString("peft_type");
        if (type != PeftType)
        {
            opened.Dispose();
            throw new CheckpointException($"{opened.Config.FilePath}: the peft_type is '{type}', and must be '{PeftType}'.");
        }

        return new ReferenceLortaFolder(opened);
    }

    /// <summary>Reads a factor in the paper's shape.</summary>
    /// <param name="factor"><c>A</c> [d, r], <c>B</c> [d/H, r], <c>C_h</c> [H, r], <c>C_l</c> [L, r] or <c>C_m</c> [4, r].</param>
    /// <returns>The factor.</returns>
    /// <exception cref="CheckpointException">The file lacks it.</exception>
    public Tensor Factor(string factor)
    {
        Tensor stored = _folder.Weights.Read(Prefix + FactorPrefix + factor);
        return factor == "B" ? stored.t() : stored;
    }

    /// <summary>Reads a tensor of the head.</summary>
    /// <param name="name">One of <see cref="HeadNames"/>.</param>
    /// <returns>The tensor.</returns>
    public Tensor Head(string name) => _folder.Weights.Read(Prefix + name);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
