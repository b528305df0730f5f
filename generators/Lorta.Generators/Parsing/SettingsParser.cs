using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Parsing;

/// <summary>Reads what the attribute says, and checks what needs no model.</summary>
internal sealed class SettingsParser(AttributeData attribute, ICollection<DiagnosticInfo> diagnostics)
{
    /// <summary>The modes by their names.</summary>
    public static IReadOnlyDictionary<string, Modes> ModeNames { get; } = new Dictionary<string, Modes>(StringComparer.Ordinal)
    {
        ["heads"] = Modes.Heads,
        ["layers"] = Modes.Layers,
        ["qkvp"] = Modes.Qkvp,
    };

    public AdapterSettings Parse()
    {
        int rank = Named("Rank", 8);
        double alpha = Named("Alpha", 8.0);
        double dropout = Named("Dropout", 0.0);
        if (rank < 1)
        {
            Report(Descriptors.RankOutOfRange, "Rank", rank.ToString(CultureInfo.InvariantCulture), string.Empty);
        }

        if (double.IsNaN(alpha) || double.IsInfinity(alpha))
        {
            Report(Descriptors.AlphaNotFinite, "Alpha", alpha.ToString(CultureInfo.InvariantCulture));
        }

        if (!(dropout >= 0 && dropout < 1))
        {
            Report(Descriptors.DropoutOutOfRange, "Dropout", dropout.ToString(CultureInfo.InvariantCulture));
        }

        return new(
            rank,
            alpha,
            ParseModes(Named("Modes", "heads,layers,qkvp")),
            Named("Orientation", 0) == 1,
            Named("RankStabilized", false),
            dropout,
            (Matrices)Named("Targets", (int)Matrices.All) & Matrices.All);
    }

    /// <summary>Reports at an argument of the attribute.</summary>
    public void Report(DiagnosticDescriptor descriptor, string argument, params string[] arguments) =>
        diagnostics.Add(DiagnosticInfo.Create(descriptor, Place(argument), arguments));

    private Modes ParseModes(string text)
    {
        Modes modes = Modes.None;
        foreach (string name in text.Split(',').Select(part => part.Trim()).Where(part => part.Length > 0 || text.Trim().Length > 0))
        {
            if (!ModeNames.TryGetValue(name, out Modes mode))
            {
                Report(Descriptors.UnknownMode, "Modes", name);
            }
            else if ((modes & mode) != 0)
            {
                Report(Descriptors.RepeatedMode, "Modes", name);
            }

            modes |= mode;
        }

        return modes;
    }

    private T Named<T>(string name, T fallback) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == name).Value is { IsNull: false, Kind: not TypedConstantKind.Array, Value: T value }
            ? value
            : fallback;

    private Location? Place(string argument)
    {
        var syntax = attribute.ApplicationSyntaxReference?.GetSyntax() as AttributeSyntax;
        return (syntax?.ArgumentList?.Arguments.FirstOrDefault(given => given.NameEquals?.Name.Identifier.ValueText == argument)?.Expression
            ?? (SyntaxNode?)syntax)?.GetLocation();
    }
}
