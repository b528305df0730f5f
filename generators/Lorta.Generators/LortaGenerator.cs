using System;
using System.Linq;
using System.Text;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Emit;
using Lorta.Generators.Models;
using Lorta.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Lorta.Generators;

/// <summary>Emits typed adapters and the routing of projections for the classes that <c>[LortaAdapt]</c> marks.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class LortaGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ParsedModel> parsed = context.SyntaxProvider
            .ForAttributeWithMetadataName("Lorta.LortaAdaptAttribute", static (node, _) => node is ClassDeclarationSyntax, ModelParser.Parse)
            .WithTrackingName(StepNames.Parse);

        IncrementalValuesProvider<DiagnosticInfo> diagnostics = parsed.SelectMany(static (model, _) => model.Diagnostics)
            .WithTrackingName(StepNames.Diagnostics);
        context.RegisterSourceOutput(diagnostics, static (output, diagnostic) => output.ReportDiagnostic(diagnostic.ToDiagnostic()));

        IncrementalValuesProvider<ModelInfo> models = parsed.Select(static (model, _) => model.Model)
            .Where(static model => model is not null)
            .Select(static (model, _) => model!)
            .WithTrackingName(StepNames.Models);
        context.RegisterSourceOutput(models, static (output, model) =>
            output.AddSource($"{model.Type.HintName}.Lorta.g.cs", Text(WiringEmitter.Emit(model))));

        IncrementalValuesProvider<KernelModel> kernels = models.Select(static (model, _) => KernelModel.Of(model))
            .WithTrackingName(StepNames.Kernels);
        context.RegisterSourceOutput(kernels, static (output, model) =>
            output.AddSource($"{model.Type.HintName}.LortaKernels.g.cs", Text(KernelSourceEmitter.Emit(model))));

        // Calls move with every edit of their file, so they have a model and an output of their own.
        IncrementalValueProvider<EquatableArray<ProjectionHolder>> holders = models.Collect()
            .Select(static (all, _) => all.SelectMany(model => model.Structure.Projections)
                .Select(projection => projection.Holder).Distinct().OrderBy(holder => holder.Id, StringComparer.Ordinal).ToEquatableArray())
            .WithTrackingName(StepNames.Holders);
        IncrementalValueProvider<EquatableArray<ProjectionCall>> calls = context.SyntaxProvider
            .CreateSyntaxProvider(CallParser.IsCandidate, CallParser.Parse)
            .Where(static call => call is not null)
            .Select(static (call, _) => call!)
            .WithTrackingName(StepNames.Calls)
            .Collect()
            .Select(static (all, _) => all.ToEquatableArray());
        IncrementalValueProvider<bool> allowed = context.ParseOptionsProvider
            .Select(static (options, _) => AllowInterceptors(options))
            .WithTrackingName(StepNames.InterceptorsAllowed);
        IncrementalValueProvider<string?> interceptors = calls.Combine(holders).Combine(allowed)
            .Select(static (all, _) => all.Right ? InterceptorEmitter.Emit(all.Left.Left, all.Left.Right) : null)
            .WithTrackingName(StepNames.Interceptors);
        context.RegisterImplementationSourceOutput(interceptors, static (output, text) =>
        {
            if (text is not null)
            {
                output.AddSource("Lorta.ProjectionCalls.g.cs", Text(text));
            }
        });

        IncrementalValueProvider<EquatableArray<HiddenUse>> uses = context.SyntaxProvider
            .CreateSyntaxProvider(HiddenUseParser.IsCandidate, HiddenUseParser.Parse)
            .Where(static use => use is not null)
            .Select(static (use, _) => use!)
            .WithTrackingName(StepNames.HiddenUses)
            .Collect()
            .Select(static (all, _) => all.ToEquatableArray());
        IncrementalValueProvider<EquatableArray<HolderPlace>> places = parsed.Collect()
            .Select(static (all, _) => all.SelectMany(model => model.Holders).ToEquatableArray());
        IncrementalValuesProvider<DiagnosticInfo> routing = calls.Combine(uses).Combine(holders).Combine(places).Combine(allowed)
            .SelectMany(static (all, _) =>
            {
                ((((EquatableArray<ProjectionCall> calls, EquatableArray<HiddenUse> uses), EquatableArray<ProjectionHolder> holders), EquatableArray<HolderPlace> places), bool allowed) = all;
                return allowed || holders.Count == 0
                    ? RoutingChecker.Check(calls, uses, holders, places)
                    : [new DiagnosticInfo(Descriptors.InterceptorsOff, null, default)];
            })
            .WithTrackingName(StepNames.RoutingDiagnostics);
        context.RegisterSourceOutput(routing, static (output, diagnostic) => output.ReportDiagnostic(diagnostic.ToDiagnostic()));
    }

    /// <summary>Whether the project lets the namespace of the emitted interceptors have any.</summary>
    private static bool AllowInterceptors(ParseOptions options) =>
        options.Features.TryGetValue("InterceptorsNamespaces", out string? namespaces)
        && namespaces.Split(';').Any(name => name.Trim() is "Lorta.Generated" or "Lorta");

    private static SourceText Text(string text) => SourceText.From(text, new UTF8Encoding(false));
}
