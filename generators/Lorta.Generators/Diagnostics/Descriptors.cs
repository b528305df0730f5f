using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Diagnostics;

/// <summary>Everything the generator reports. Ids are never reused.</summary>
internal static class Descriptors
{
    public static readonly DiagnosticDescriptor NotPartial = Error(
        "LORTA001",
        "The annotated class is not partial",
        "'{0}' must be partial, because the generator adds members to the annotated class '{1}'");

    public static readonly DiagnosticDescriptor NotAModule = Error(
        "LORTA002",
        "The annotated class is not a module",
        "'{0}' must derive from TorchSharp's nn.Module to be adapted");

    public static readonly DiagnosticDescriptor NoLayers = Error(
        "LORTA003",
        "No layers were found",
        "'{0}' and the modules it holds have no list of layers with attention: mark the member that holds them with [LortaLayers]");

    public static readonly DiagnosticDescriptor NoAttention = Error(
        "LORTA004",
        "No attention was found",
        "The layers of '{0}', of type '{1}', hold no query, key and value projections: mark them with [LortaMatrix]");

    public static readonly DiagnosticDescriptor ProjectionMissing = Warning(
        "LORTA005",
        "A projection was not found",
        "'{0}' has no {1} projection that can be found: mark it with [LortaMatrix(AttentionMatrix.{1})], or leave it out of Targets");

    public static readonly DiagnosticDescriptor Ambiguous = Error(
        "LORTA006",
        "Several members could be meant",
        "Several members could be the {0} of '{1}' ({2}): mark the one that is meant with [{3}]");

    public static readonly DiagnosticDescriptor HeadsUnknown = Error(
        "LORTA011",
        "The number of heads is unknown",
        "'{0}' shows no number of attention heads: keep it in an integer field or property, and mark it with [LortaHeads] where its name is unusual");

    public static readonly DiagnosticDescriptor Unreachable = Error(
        "LORTA017",
        "A member's type is out of reach",
        "'{0}' can't be reached from '{1}', because its type '{2}' is private: make that type internal");

    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
        [NotPartial, NotAModule, NoLayers, NoAttention, ProjectionMissing, Ambiguous, HeadsUnknown, Unreachable];

    private static DiagnosticDescriptor Error(string id, string title, string message) => Of(id, DiagnosticSeverity.Error, title, message);

    private static DiagnosticDescriptor Warning(string id, string title, string message) => Of(id, DiagnosticSeverity.Warning, title, message);

    private static DiagnosticDescriptor Of(string id, DiagnosticSeverity severity, string title, string message) =>
        new(id, title, message, "Lorta", severity, isEnabledByDefault: true, helpLinkUri: $"https://github.com/lorta-gen/lorta-gen/blob/main/docs/diagnostics/{id}.md");
}
