using System.Collections.Immutable;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Lorta.Generators.Diagnostics;

/// <summary>Everything the generator reports. Ids are never reused.</summary>
internal static class Descriptors
{
    // The build writes the property RepositoryUrl into the assembly.
    private static readonly string? RepositoryUrl = typeof(Descriptors).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(data => data.Key == "RepositoryUrl")?.Value;

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

    public static readonly DiagnosticDescriptor UnknownMode = Error(
        "LORTA007",
        "Unknown mode",
        "'{0}' is no mode: choose from heads, layers and qkvp, separated by commas");

    public static readonly DiagnosticDescriptor RepeatedMode = Warning(
        "LORTA008",
        "Repeated mode",
        "The mode '{0}' is named twice");

    public static readonly DiagnosticDescriptor RankOutOfRange = Error(
        "LORTA009",
        "Rank out of range",
        "The rank {0} must be at least 1, and at most the model's width{1}");

    public static readonly DiagnosticDescriptor AlphaNotFinite = Error(
        "LORTA010",
        "Alpha is not finite",
        "Alpha is {0}: choose a finite number");

    public static readonly DiagnosticDescriptor HeadsUnknown = Error(
        "LORTA011",
        "The number of heads is unknown",
        "'{0}' shows no number of attention heads: keep it in an integer field or property, and mark it with [LortaHeads] where its name is unusual");

    public static readonly DiagnosticDescriptor Bypassed = Warning(
        "LORTA012",
        "A projection is bypassed",
        "'{0}' is never adapted here, because {1}: call its forward or call instead");

    public static readonly DiagnosticDescriptor NotIntercepted = Warning(
        "LORTA013",
        "A projection's call can't be intercepted",
        "This call of '{0}' is not adapted, because {1}");

    public static readonly DiagnosticDescriptor Found = Of(
        "LORTA014",
        DiagnosticSeverity.Info,
        "What the annotation found",
        "'{0}' is adapted in the layers of '{1}', at {2}: {3}");

    public static readonly DiagnosticDescriptor InterceptorsOff = Warning(
        "LORTA015",
        "Interceptors are off",
        "The projections' calls are not adapted, because this project does not allow interceptors: add <InterceptorsNamespaces>$(InterceptorsNamespaces);Lorta.Generated</InterceptorsNamespaces> to it");

    public static readonly DiagnosticDescriptor DropoutOutOfRange = Error(
        "LORTA016",
        "Dropout out of range",
        "Dropout is {0}: choose a probability of at least 0 and below 1");

    public static readonly DiagnosticDescriptor Unreachable = Error(
        "LORTA017",
        "A member is out of reach",
        "'{0}' can't be reached from '{1}', because {2} is private: make it internal");

    public static readonly DiagnosticDescriptor Outside = Of(
        "LORTA018",
        DiagnosticSeverity.Info,
        "The attention is in another assembly",
        "'{0}' is of another assembly, so its calls can't be intercepted: at run time adapters use forward hooks or replace its weights, as Sites.Projections[i].Route tells");

    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
    [
        NotPartial, NotAModule, NoLayers, NoAttention, ProjectionMissing, Ambiguous, UnknownMode, RepeatedMode, RankOutOfRange,
        AlphaNotFinite, HeadsUnknown, Bypassed, NotIntercepted, Found, InterceptorsOff, DropoutOutOfRange, Unreachable, Outside,
    ];

    private static DiagnosticDescriptor Error(string id, string title, string message) => Of(id, DiagnosticSeverity.Error, title, message);

    private static DiagnosticDescriptor Warning(string id, string title, string message) => Of(id, DiagnosticSeverity.Warning, title, message);

    /// <summary>A diagnostic's page, as GitHub shows files; null where the repository has no public address.</summary>
    public static string? HelpLink(string id, string? repositoryUrl) =>
        string.IsNullOrEmpty(repositoryUrl) ? null : $"{repositoryUrl}/blob/main/docs/diagnostics/{id}.md";

    private static DiagnosticDescriptor Of(string id, DiagnosticSeverity severity, string title, string message) =>
        new(id, title, message, "Lorta", severity, isEnabledByDefault: true, helpLinkUri: HelpLink(id, RepositoryUrl));
}
