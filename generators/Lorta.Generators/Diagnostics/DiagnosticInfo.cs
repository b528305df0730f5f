using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators.Diagnostics;

/// <summary>A diagnostic without syntax or symbols in it.</summary>
/// <param name="Descriptor">What is reported.</param>
/// <param name="Location">Where.</param>
/// <param name="Arguments">What the message names.</param>
internal sealed record DiagnosticInfo(DiagnosticDescriptor Descriptor, LocationInfo? Location, EquatableArray<string> Arguments)
{
    /// <summary>The property of a diagnostic that names the attribute by which its candidates can be marked.</summary>
    public const string AttributeProperty = "Attribute";

    /// <summary>An attribute, as it stands in brackets, that solves it on one of the candidates.</summary>
    public string? Attribute { get; init; }

    /// <summary>The members that could be meant.</summary>
    public EquatableArray<LocationInfo> Candidates { get; init; }

    public static DiagnosticInfo Create(DiagnosticDescriptor descriptor, Location? location, params string[] arguments) =>
        new(descriptor, LocationInfo.Of(location), arguments.ToEquatableArray());

    /// <summary>The same with members to choose from.</summary>
    public DiagnosticInfo Offering(string attribute, IEnumerable<ISymbol> candidates) => this with
    {
        Attribute = attribute,
        Candidates = candidates.Select(candidate => LocationInfo.Of(candidate.Locations.FirstOrDefault())).OfType<LocationInfo>().ToEquatableArray(),
    };

    public Diagnostic ToDiagnostic() => Diagnostic.Create(
        Descriptor,
        Location?.ToLocation(),
        Candidates.Select(candidate => candidate.ToLocation()),
        Attribute is null ? null : ImmutableDictionary<string, string?>.Empty.Add(AttributeProperty, Attribute),
        Arguments.Select(argument => (object)argument).ToArray());
}

/// <summary>A place in a file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Span">The characters.</param>
/// <param name="Lines">The lines.</param>
internal sealed record LocationInfo(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static LocationInfo? Of(Location? location) => location is { SourceTree: { } tree }
        ? new(tree.FilePath, location.SourceSpan, location.GetLineSpan().Span)
        : null;

    public Location ToLocation() => Microsoft.CodeAnalysis.Location.Create(Path, Span, Lines);
}
