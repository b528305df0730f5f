using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Parsing;

/// <summary>What parsing an annotated class gives.</summary>
/// <param name="Model">What to emit, or null where something is missing.</param>
/// <param name="Diagnostics">What to report.</param>
internal sealed record ParsedModel(ModelInfo? Model, EquatableArray<DiagnosticInfo> Diagnostics);

/// <summary>Reads an annotated class.</summary>
internal sealed class ModelParser
{
    private readonly INamedTypeSymbol _model;
    private readonly Location? _location;
    private readonly AdapterSettings _settings;
    private readonly KnownTypes? _known;
    private readonly PathParser _paths;
    private readonly List<DiagnosticInfo> _diagnostics = [];

    private ModelParser(GeneratorAttributeSyntaxContext context)
    {
        _model = (INamedTypeSymbol)context.TargetSymbol;
        _location = ((ClassDeclarationSyntax)context.TargetNode).Identifier.GetLocation();
        _settings = SettingsParser.Parse(context.Attributes[0]);
        _known = KnownTypes.Of(context.SemanticModel.Compilation);
        _paths = new(context.SemanticModel.Compilation, _model, _diagnostics);
    }

    public static ParsedModel Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        var parser = new ModelParser(context);
        AttentionStructure? structure = parser.IsUsable() ? parser.Structure(cancellation) : null;
        ModelInfo? model = structure is null || parser._diagnostics.Any(diagnostic => diagnostic.Descriptor.DefaultSeverity == DiagnosticSeverity.Error)
            ? null
            : new(TypeHeaders.Parse(parser._model), $"{parser._model.Name}Lorta", parser.Sites(), parser._settings, structure);
        return new(model, parser._diagnostics.ToEquatableArray());
    }

    private bool IsUsable()
    {
        for (INamedTypeSymbol? type = _model; type is not null; type = type.ContainingType)
        {
            bool isPartial = type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax())
                .OfType<TypeDeclarationSyntax>().Any(declaration => declaration.Modifiers.Any(SyntaxKind.PartialKeyword));
            if (!isPartial)
            {
                Report(Descriptors.NotPartial, type.Name, _model.Name);
            }
        }

        if (_known is null || !_known.IsModule(_model))
        {
            Report(Descriptors.NotAModule, _model.Name);
        }

        return _diagnostics.Count == 0;
    }

    private AttentionStructure? Structure(CancellationToken cancellation)
    {
        Finding<FoundLayers> lists = StructureFinder.Layers(_model, _known!);
        cancellation.ThrowIfCancellationRequested();
        if (lists.Found is not { } layers)
        {
            if (lists.IsAmbiguous)
            {
                Report(Descriptors.Ambiguous, "list of layers", _model.Name, Listed(lists.Candidates.Select(list => list.List)), "LortaLayers");
            }
            else
            {
                Report(Descriptors.NoLayers, _model.Name);
            }

            return null;
        }

        if (layers.Attention.Found is not { } attention)
        {
            if (layers.Attention.IsAmbiguous)
            {
                Report(Descriptors.Ambiguous, "attention", layers.Layer.Type.Name, Listed(layers.Attention.Candidates), "LortaAttention");
            }
            else
            {
                Report(Descriptors.NoAttention, _model.Name, layers.Layer.Type.Name);
            }

            return null;
        }

        return Structure(layers, attention);
    }

    private AttentionStructure? Structure(FoundLayers layers, Place attention)
    {
        FoundProjection[] projections = Projections(layers.Layer, attention).ToArray();
        Place model = Place.Root(_model);
        FoundHeads? heads = HeadFinder.Heads(layers, attention, model, _known!);
        if (heads is null)
        {
            Report(Descriptors.HeadsUnknown, attention.Type.Name);
            return null;
        }

        FoundHeads? keyValueHeads = HeadFinder.KeyValueHeads(layers, attention, model, _known!);
        return new(
            _paths.Parse(layers.List.Path),
            PathParser.Text(layers.Layer.Type),
            _paths.Parse(attention.Path),
            projections.Select(projection => Describe(projection, attention)).ToEquatableArray(),
            Describe(heads),
            keyValueHeads is null ? null : Describe(keyValueHeads));
    }

    private IEnumerable<FoundProjection> Projections(Place layer, Place attention)
    {
        IReadOnlyList<FoundProjection> inputs = ProjectionFinder.Inputs(attention, _known!);
        foreach (Matrices matrix in new[] { Matrices.Query, Matrices.Key, Matrices.Value })
        {
            FoundProjection[] held = inputs.Where(input => input.Matrices.Contains(matrix)).ToArray();
            if (held.Length > 1)
            {
                Report(Descriptors.Ambiguous, $"{matrix} projection", attention.Type.Name, Listed(held.Select(input => input.Place)), $"LortaMatrix(AttentionMatrix.{matrix})");
            }
        }

        Finding<FoundProjection> output = ProjectionFinder.Output(layer, attention, _known!);
        if (output.IsAmbiguous)
        {
            Report(Descriptors.Ambiguous, "Output projection", attention.Type.Name, Listed(output.Candidates.Select(candidate => candidate.Place)), "LortaMatrix(AttentionMatrix.Output)");
        }

        IReadOnlyList<FoundProjection> found = output.Found is null ? inputs : [.. inputs, output.Found];
        foreach (Matrices matrix in new[] { Matrices.Query, Matrices.Key, Matrices.Value, Matrices.Output })
        {
            if ((_settings.Targets & matrix) != 0 && !output.IsAmbiguous && !found.Any(projection => projection.Matrices.Contains(matrix)))
            {
                Report(Descriptors.ProjectionMissing, attention.Type.Name, matrix.ToString());
            }
        }

        return found;
    }

    private Projection Describe(FoundProjection projection, Place attention)
    {
        bool fromAttention = projection.Place.Path.Length > attention.Path.Length
            && projection.Place.Path.Take(attention.Path.Length).SequenceEqual(attention.Path);
        IEnumerable<Member> path = fromAttention ? projection.Place.Path.Skip(attention.Path.Length) : projection.Place.Path;
        return new(
            projection.Matrices.ToEquatableArray(),
            fromAttention,
            _paths.Parse(path),
            _paths.Holder(projection.Place.Path[projection.Place.Path.Length - 1], _known!));
    }

    private HeadSource Describe(FoundHeads heads) =>
        heads.Member.Symbol is IFieldSymbol { HasConstantValue: true, ConstantValue: { } value }
            ? new(heads.Origin, new MemberPath(default), System.Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture), heads.IsWidth)
            : new(heads.Origin, _paths.Parse(heads.Place.Path), null, heads.IsWidth);

    private SitesDeclaration Sites()
    {
        if (_model.GetMembers("Sites").Length > 0)
        {
            return SitesDeclaration.Explicit;
        }

        for (INamedTypeSymbol? level = _model.BaseType; level is not null; level = level.BaseType)
        {
            if (level.GetMembers("Sites").FirstOrDefault() is { } member)
            {
                return member is IPropertySymbol { Type.Name: "AdapterSites" } property && (property.IsVirtual || property.IsAbstract || property.IsOverride)
                    ? SitesDeclaration.Override
                    : SitesDeclaration.Explicit;
            }
        }

        return SitesDeclaration.Public;
    }

    private void Report(DiagnosticDescriptor descriptor, params string[] arguments) =>
        _diagnostics.Add(DiagnosticInfo.Create(descriptor, _location, arguments));

    private static string Listed(IEnumerable<Place> places) => string.Join(", ", places.Select(place => place.Text));
}
