using System;
using System.Collections.Generic;
using System.Globalization;
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
/// <param name="Holders">Where the members that hold projections stand.</param>
internal sealed record ParsedModel(ModelInfo? Model, EquatableArray<DiagnosticInfo> Diagnostics, EquatableArray<HolderPlace> Holders);

/// <summary>Where a member that holds a projection stands.</summary>
/// <param name="Id">The member's identity.</param>
/// <param name="Location">Its declaration.</param>
internal sealed record HolderPlace(string Id, LocationInfo? Location);

/// <summary>Reads an annotated class.</summary>
internal sealed class ModelParser
{
    private readonly INamedTypeSymbol _model;
    private readonly Location? _location;
    private readonly AdapterSettings _settings;
    private readonly KnownTypes? _known;
    private readonly PathParser _paths;
    private readonly SizeReader _sizes;
    private readonly SettingsParser _attribute;
    private readonly List<DiagnosticInfo> _diagnostics = [];
    private readonly List<HolderPlace> _holders = [];

    private ModelParser(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        _model = (INamedTypeSymbol)context.TargetSymbol;
        _location = ((ClassDeclarationSyntax)context.TargetNode).Identifier.GetLocation();
        _attribute = new(context.Attributes[0], _diagnostics);
        _settings = _attribute.Parse();
        _sizes = new(context.SemanticModel.Compilation, cancellation);
        _known = KnownTypes.Of(context.SemanticModel.Compilation);
        _paths = new(context.SemanticModel.Compilation, _model, _diagnostics);
    }

    public static ParsedModel Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        if (!IsFirst(context))
        {
            return new(null, default, default);
        }

        var parser = new ModelParser(context, cancellation);
        AttentionStructure? structure = parser.IsUsable() ? parser.Structure(cancellation) : null;
        ModelInfo? model = structure is null || parser.HasErrors
            ? null
            : new(TypeHeaders.Parse(parser._model), parser.AdapterName(), parser.Sites(), parser.HidesBase(), parser._settings, structure);
        return new(model, parser._diagnostics.ToEquatableArray(), parser._holders.ToEquatableArray());
    }

    // A class may carry the attribute on several of its parts, which the compiler reports.
    private static bool IsFirst(GeneratorAttributeSyntaxContext context) => context.TargetSymbol.GetAttributes()
        .First(data => SymbolEqualityComparer.Default.Equals(data.AttributeClass, context.Attributes[0].AttributeClass))
        .ApplicationSyntaxReference?.GetSyntax().Ancestors().Contains(context.TargetNode) != false;

    private bool HasErrors => _diagnostics.Any(diagnostic => diagnostic.Descriptor.DefaultSeverity == DiagnosticSeverity.Error);

    private bool IsUsable()
    {
        bool usable = true;
        for (INamedTypeSymbol? type = _model; type is not null; type = type.ContainingType)
        {
            TypeDeclarationSyntax[] parts = type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax()).OfType<TypeDeclarationSyntax>().ToArray();
            if (!parts.Any(part => part.Modifiers.Any(SyntaxKind.PartialKeyword)))
            {
                _diagnostics.Add(DiagnosticInfo.Create(Descriptors.NotPartial, parts.FirstOrDefault()?.Identifier.GetLocation() ?? _location, type.Name, _model.Name));
                usable = false;
            }
        }

        if (_known is null || !_known.IsModule(_model))
        {
            Report(Descriptors.NotAModule, _model.Name);
            usable = false;
        }

        return usable;
    }

    private AttentionStructure? Structure(CancellationToken cancellation)
    {
        Finding<FoundLayers> lists = StructureFinder.Layers(_model, _known!);
        cancellation.ThrowIfCancellationRequested();
        if (lists.Found is not { } layers)
        {
            if (lists.IsAmbiguous)
            {
                ReportAmbiguous("list of layers", _model, lists.Candidates.Select(list => list.List), "LortaLayers");
            }
            else
            {
                _diagnostics.Add(DiagnosticInfo.Create(Descriptors.NoLayers, _location, _model.Name)
                    .Offering("LortaLayers", StructureFinder.ListsOfModules(_model, _known!).Select(member => member.Symbol)));
            }

            return null;
        }

        if (layers.Attention.Found is not { } attention)
        {
            if (layers.Attention.IsAmbiguous)
            {
                ReportAmbiguous("attention", layers.Layer.Type, layers.Attention.Candidates, "LortaAttention");
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
            _diagnostics.Add(DiagnosticInfo.Create(Descriptors.HeadsUnknown, _location, attention.Type.Name)
                .Offering("LortaHeads", Member.Of(attention.Type, _known!).Where(member => member.Type.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64).Select(member => member.Symbol)));
            return null;
        }

        FoundHeads? keyValueHeads = HeadFinder.KeyValueHeads(layers, attention, model, _known!);
        var structure = new AttentionStructure(
            _paths.Parse(layers.List.Path),
            PathParser.Text(layers.Layer.Type),
            _paths.Parse(attention.Path),
            projections.Select(projection => Describe(projection, attention)).ToEquatableArray(),
            Describe(heads),
            keyValueHeads is null ? null : Describe(keyValueHeads),
            projections.FirstOrDefault(projection => projection.Matrices.Contains(Matrices.Query)) is { IsList: false } query
                ? _sizes.Read(_model, layers, attention, query, heads)
                : null);
        Check(structure.Sizes);
        if (!HasErrors)
        {
            Inform(structure, layers, projections);
        }

        return structure;
    }

    private void Check(ModelSizes? sizes)
    {
        if (sizes is not null && _settings.Rank > sizes.Width)
        {
            _attribute.Report(
                Descriptors.RankOutOfRange, "Rank", _settings.Rank.ToString(CultureInfo.InvariantCulture), $", {sizes.Width.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private void Inform(AttentionStructure structure, FoundLayers layers, FoundProjection[] projections)
    {
        string trained = structure.Sizes is { } sizes
            ? Numbers(sizes.Count(_settings, structure.Matrices))
            : $"{ModelSizes.Expression(_settings, structure.Matrices, null)} trainable numbers";
        string places = string.Join(", ", projections.Select(projection => $"{string.Join("+", projection.Matrices).ToLowerInvariant()} {projection.Place.Text}"));
        Report(Descriptors.Found, _model.Name, layers.List.Text, places, trained);
        if (structure.Projections.FirstOrDefault(projection => projection.Holder.IsOutside) is not null)
        {
            Report(Descriptors.Outside, layers.Layer.Type.Name);
        }
    }

    private static string Numbers(long count)
    {
        long bytes = count * sizeof(float);
        string size = bytes < 1024 * 1024
            ? $"{((bytes + 512) / 1024).ToString("N0", CultureInfo.InvariantCulture)} kB"
            : $"{((bytes + (512 * 1024)) / (1024 * 1024)).ToString("N0", CultureInfo.InvariantCulture)} MB";
        return $"{count.ToString("N0", CultureInfo.InvariantCulture)} trainable numbers, {size}";
    }

    private IEnumerable<FoundProjection> Projections(Place layer, Place attention)
    {
        IReadOnlyList<FoundProjection> inputs = ProjectionFinder.Inputs(attention, _known!);
        foreach (Matrices matrix in new[] { Matrices.Query, Matrices.Key, Matrices.Value })
        {
            FoundProjection[] held = inputs.Where(input => input.Matrices.Contains(matrix)).ToArray();
            if (held.Length > 1)
            {
                ReportAmbiguous($"{matrix} projection", attention.Type, held.Select(input => input.Place), Mark(matrix));
            }
        }

        Finding<FoundProjection> output = inputs.Any(input => input.Matrices.Contains(Matrices.Output))
            ? Finding<FoundProjection>.Among([])
            : ProjectionFinder.Output(layer, attention, _known!);
        if (output.IsAmbiguous)
        {
            ReportAmbiguous("Output projection", attention.Type, output.Candidates.Select(candidate => candidate.Place), Mark(Matrices.Output));
        }

        IReadOnlyList<FoundProjection> found = output.Found is null ? inputs : [.. inputs, output.Found];
        foreach (Matrices matrix in new[] { Matrices.Query, Matrices.Key, Matrices.Value, Matrices.Output })
        {
            if ((_settings.Targets & matrix) != 0 && !output.IsAmbiguous && !found.Any(projection => projection.Matrices.Contains(matrix)))
            {
                _diagnostics.Add(DiagnosticInfo.Create(Descriptors.ProjectionMissing, _location, attention.Type.Name, matrix.ToString())
                    .Offering(Mark(matrix), ProjectionFinder.Unclaimed(attention, found, _known!).Select(member => member.Symbol)));
            }
        }

        return found;
    }

    private Projection Describe(FoundProjection projection, Place attention)
    {
        bool fromAttention = projection.Place.Path.Length > attention.Path.Length
            && projection.Place.Path.Take(attention.Path.Length).SequenceEqual(attention.Path);
        Member holder = projection.Place.Path[projection.Place.Path.Length - 1];
        _holders.Add(new(Member.Id(holder.Symbol), LocationInfo.Of(holder.Symbol.Locations.FirstOrDefault())));
        IEnumerable<Member> path = fromAttention ? projection.Place.Path.Skip(attention.Path.Length) : projection.Place.Path;
        return new(
            projection.Matrices.ToEquatableArray(),
            projection.IsList,
            fromAttention,
            _paths.Parse(path),
            _paths.Holder(holder, projection.IsList ? Place.ElementOf(holder.Type)! : holder.Type, _known!));
    }

    private HeadSource Describe(FoundHeads heads) =>
        heads.Member.Symbol is IFieldSymbol { HasConstantValue: true, ConstantValue: { } value }
            ? new(heads.Origin, new MemberPath(default), Convert.ToInt32(value, CultureInfo.InvariantCulture), heads.IsWidth)
            : new(heads.Origin, _paths.Parse(heads.Place.Path), null, heads.IsWidth);

    /// <summary>The class's name and <c>Lorta</c>, unless that is taken, or would be by a class of the same name with other type parameters.</summary>
    private string AdapterName()
    {
        INamespaceOrTypeSymbol container = _model.ContainingType ?? (INamespaceOrTypeSymbol)_model.ContainingNamespace;
        bool isOverloaded = container.GetTypeMembers(_model.Name).Length > 1;
        string name = _model.Name + (isOverloaded && _model.Arity > 0 ? _model.Arity.ToString(CultureInfo.InvariantCulture) : string.Empty) + "Lorta";
        while (container.GetTypeMembers(name).Length > 0)
        {
            name += "Adapter";
        }

        return name;
    }

    private bool HidesBase()
    {
        for (INamedTypeSymbol? level = _model.BaseType; level is not null; level = level.BaseType)
        {
            if (level.GetAttributes().Any(data => data.AttributeClass?.Name == "LortaAdaptAttribute"))
            {
                return true;
            }
        }

        return false;
    }

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

    private void ReportAmbiguous(string what, ITypeSymbol holder, IEnumerable<Place> places, string attribute)
    {
        Place[] candidates = places.Where(place => place.Path.Length > 0).ToArray();
        _diagnostics.Add(DiagnosticInfo.Create(Descriptors.Ambiguous, _location, what, holder.Name, string.Join(", ", candidates.Select(place => place.Text)), attribute)
            .Offering(attribute, candidates.Select(place => place.Path[place.Path.Length - 1].Symbol)));
    }

    private static string Mark(Matrices matrix) => $"LortaMatrix(AttentionMatrix.{matrix})";
}
