using System;
using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Parsing;

/// <summary>Reads what the attribute says.</summary>
internal static class SettingsParser
{
    /// <summary>The modes by their names.</summary>
    public static IReadOnlyDictionary<string, Modes> ModeNames { get; } = new Dictionary<string, Modes>(StringComparer.Ordinal)
    {
        ["heads"] = Modes.Heads,
        ["layers"] = Modes.Layers,
        ["qkvp"] = Modes.Qkvp,
    };

    public static AdapterSettings Parse(AttributeData attribute) => new(
        Named(attribute, "Rank", 8),
        Named(attribute, "Alpha", 8.0),
        ModesOf(Named(attribute, "Modes", "heads,layers,qkvp")),
        Named(attribute, "Orientation", 0) == 1,
        Named(attribute, "RankStabilized", false),
        Named(attribute, "Dropout", 0.0),
        (Matrices)Named(attribute, "Targets", (int)Matrices.All) & Matrices.All);

    private static Modes ModesOf(string text) => text.Split(',')
        .Select(name => ModeNames.TryGetValue(name.Trim(), out Modes mode) ? mode : Modes.None)
        .Aggregate(Modes.None, (all, mode) => all | mode);

    private static T Named<T>(AttributeData attribute, string name, T fallback) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == name).Value is { IsNull: false, Kind: not TypedConstantKind.Array, Value: T value }
            ? value
            : fallback;
}
