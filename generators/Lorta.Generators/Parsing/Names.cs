using System;
using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;

namespace Lorta.Generators.Parsing;

/// <summary>The usual names of attention's members in TorchSharp, Hugging Face and fairseq code, without underscores and case.</summary>
internal static class Names
{
    private static readonly Dictionary<Matrices, string[]> Words = new()
    {
        [Matrices.Query] = ["q", "query", "queries"],
        [Matrices.Key] = ["k", "key", "keys"],
        [Matrices.Value] = ["v", "value", "values"],
        [Matrices.Output] = ["o", "out", "output"],
    };

    private static readonly string[] FusedThree = Variants("qkv").Concat(["inproj", "inprojection", "cattn", "packedproj"]).ToArray();

    private static readonly string[] FusedTwo = Variants("kv");

    // Names that the output projection shares with other linear layers.
    private static readonly string[] Common = ["dense", "proj", "cproj", "projection", "linear", "fc", "lin"];

    private static readonly string[] HeadNames =
    [
        "heads", "numheads", "nheads", "nhead", "h", "headcount", "headscount", "numberofheads", "numattentionheads", "nattentionheads",
        "attentionheads", "attentionheadcount", "numqueryheads", "nqueryheads", "queryheads", "numattnheads", "attnheads",
    ];

    private static readonly string[] KeyValueHeadNames =
    [
        "kvheads", "numkvheads", "nkvheads", "nkvhead", "kvheadcount", "keyvalueheads", "numkeyvalueheads", "nkeyvalueheads",
        "keyvalueheadcount", "numquerygroups", "nquerygroups",
    ];

    private static readonly string[] HeadWidthNames =
    [
        "headdim", "headsize", "headwidth", "headdimension", "dimhead", "dimperhead", "attentionheadsize", "dhead",
    ];

    /// <summary>A name without underscores, prefixes of fields, and case.</summary>
    public static string Normalize(string name)
    {
        string bare = name.StartsWith("m_", StringComparison.Ordinal) || name.StartsWith("s_", StringComparison.Ordinal) ? name.Substring(2) : name;
        return bare.Replace("_", string.Empty).ToLowerInvariant();
    }

    /// <summary>The matrices that a member of this name holds by itself, in the order of their rows; empty for none.</summary>
    public static Matrices[] Projection(string name)
    {
        string normal = Normalize(name);
        foreach (KeyValuePair<Matrices, string[]> entry in Words)
        {
            if (entry.Value.Any(word => Variants(word).Contains(normal)))
            {
                return [entry.Key];
            }
        }

        return FusedThree.Contains(normal) ? [Matrices.Query, Matrices.Key, Matrices.Value]
            : FusedTwo.Contains(normal) ? [Matrices.Key, Matrices.Value]
            : [];
    }

    /// <summary>Whether a member of this name is the output projection, where its class belongs to the attention alone.</summary>
    public static bool IsCommonOutput(string name) => Common.Contains(Normalize(name));

    public static bool IsHeads(string name) => HeadNames.Contains(Normalize(name));

    public static bool IsKeyValueHeads(string name) => KeyValueHeadNames.Contains(Normalize(name));

    public static bool IsHeadWidth(string name) => HeadWidthNames.Contains(Normalize(name));

    /// <summary>Whether a member or class is named after attention.</summary>
    public static bool IsAttention(string name) => Normalize(name) is var normal && (normal.Contains("attention") || normal.Contains("attn"));

    /// <summary>Whether a member or class is named after attention to another sequence.</summary>
    public static bool IsCross(string name) =>
        Normalize(name) is var normal && (normal.Contains("cross") || normal.Contains("encoderatt") || normal.Contains("encdec") || normal.Contains("encoderdecoder"));

    /// <summary>Whether a member is named after attention to its own sequence.</summary>
    public static bool IsSelf(string name) => Normalize(name).Contains("self");

    /// <summary>Whether a member or class is named after the output of something.</summary>
    public static bool IsOutput(string name) => Normalize(name) is var normal && (normal.Contains("out") || normal.Contains("proj"));

    private static string[] Variants(string word) =>
    [
        word, word + "proj", word + "projection", word + "linear", word + "lin", word + "layer", word + "dense", word + "weight",
        "w" + word, "to" + word, "c" + word, "fc" + word, "lin" + word, "linear" + word, "proj" + word, "project" + word,
    ];
}
