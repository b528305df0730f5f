using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Lorta.Generators.Models;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lorta.Generators.Parsing;

/// <summary>
/// Reads a model's sizes from its source, where constants say them: the numbers are followed from the model's constructors
/// through those of the modules and configurations they create.
/// </summary>
internal sealed class SizeReader(Compilation compilation, CancellationToken cancellation)
{
    // They end the walk through members that are defined by each other.
    private const int Deepest = 40;
    private const int MostSteps = 4000;

    private int _depth;
    private int _steps;

    /// <summary>The sizes, or null where the source leaves one open.</summary>
    public ModelSizes? Read(INamedTypeSymbol model, FoundLayers layers, Place attention, FoundProjection first, FoundHeads heads)
    {
        var root = new Created(model, ImmutableDictionary<string, object?>.Empty);
        if (Follow(root, layers.List.Path.Take(layers.List.Path.Length - 1)) is not { } owner
            || List(owner, layers.List.Path[layers.List.Path.Length - 1]) is not (int count, Created layer)
            || Follow(layer, attention.Path) is not { } holder
            || Linear(Follow(layer, first.Place.Path.Take(first.Place.Path.Length - 1)), first.Place.Path[first.Place.Path.Length - 1]) is not (int width, int rows))
        {
            return null;
        }

        Created from = heads.Origin switch
        {
            HeadOrigin.Attention => holder,
            HeadOrigin.Layer => layer,
            _ => root,
        };
        if (Follow(from, heads.Place.Path.Take(heads.Place.Path.Length - 1)) is not { } counter
            || Value(counter, heads.Member.Symbol) is not int number || number < 1)
        {
            return null;
        }

        // Of fused rows with fewer key and value heads the query's share is not the third part: left open.
        int queryRows = rows / first.Matrices.Length;
        int headCount = heads.IsWidth ? queryRows / number : number;
        return headCount > 0 && queryRows % headCount == 0 ? new(count, headCount, queryRows / headCount, width) : null;
    }

    private Created? Follow(Created start, IEnumerable<Member> path)
    {
        Created? current = start;
        foreach (Member member in path)
        {
            current = current is null ? null : Value(current, member.Symbol) as Created;
        }

        return current;
    }

    /// <summary>The number of elements of a list of layers, and how one is created.</summary>
    private (int Count, Created Layer)? List(Created owner, Member list)
    {
        if (Place.ElementOf(list.Type) is not { } element || Definition(owner, list.Symbol) is not (ExpressionSyntax definition, Scope scope))
        {
            return null;
        }

        SyntaxNode[] creations = definition.DescendantNodesAndSelf().Where(node => Creates(node, element)).ToArray();
        if (creations.Length > 0)
        {
            int? count = definition.DescendantNodes().OfType<InvocationExpressionSyntax>()
                .Where(call => call.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Range" } && call.ArgumentList.Arguments.Count == 2)
                .Select(call => Evaluate(call.ArgumentList.Arguments[1].Expression, scope)).FirstOrDefault() is { } ranged
                    ? ranged as int?
                    : definition.DescendantNodes().Any(node => node is SpreadElementSyntax or AnonymousFunctionExpressionSyntax) ? null : creations.Length;
            return count is { } known && Evaluate((ExpressionSyntax)creations[0], scope) is Created layer ? (known, layer) : null;
        }

        // for (int i = 0; i < n; i++) { list.Add(new Layer(...)); }
        foreach (ForStatementSyntax loop in Bodies(owner.Type).SelectMany(body => body.DescendantNodes().OfType<ForStatementSyntax>()))
        {
            SyntaxNode? creation = loop.DescendantNodes().FirstOrDefault(node => Creates(node, element));
            if (creation is not null
                && loop.Declaration?.Variables.FirstOrDefault()?.Initializer?.Value is LiteralExpressionSyntax { Token.Value: 0 }
                && loop.Condition is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LessThanExpression } condition
                && Evaluate(condition.Right, scope) is int count
                && Evaluate((ExpressionSyntax)creation, scope) is Created layer)
            {
                return (count, layer);
            }
        }

        return null;
    }

    private bool Creates(SyntaxNode node, ITypeSymbol type) =>
        node is BaseObjectCreationExpressionSyntax && SymbolEqualityComparer.Default.Equals(Semantics(node).GetTypeInfo(node, cancellation).Type, type);

    /// <summary>Input and output features of a linear layer.</summary>
    private (int Inputs, int Outputs)? Linear(Created? owner, Member member)
    {
        if (owner is null || Definition(owner, member.Symbol) is not (InvocationExpressionSyntax call, Scope scope)
            || Semantics(call).GetSymbolInfo(call, cancellation).Symbol is not IMethodSymbol { Name: "Linear" }
            || call.ArgumentList.Arguments.Count < 2)
        {
            return null;
        }

        return Evaluate(call.ArgumentList.Arguments[0].Expression, scope) is int inputs && Evaluate(call.ArgumentList.Arguments[1].Expression, scope) is int outputs
            ? (inputs, outputs)
            : null;
    }

    /// <summary>What a member of an object holds: an integer, an object, or null where it is not known.</summary>
    private object? Value(Created owner, ISymbol member)
    {
        if (member is IFieldSymbol { HasConstantValue: true, ConstantValue: int constant })
        {
            return constant;
        }

        if (member is IFieldSymbol { HasConstantValue: true, ConstantValue: long wide } && wide == (int)wide)
        {
            return (int)wide;
        }

        if (owner.Given.TryGetValue(member.Name, out object? given))
        {
            return given;
        }

        return Definition(owner, member) is (ExpressionSyntax definition, Scope scope) ? Evaluate(definition, scope) : null;
    }

    /// <summary>The expression that a member starts with, and where it is evaluated.</summary>
    private (ExpressionSyntax Expression, Scope Scope)? Definition(Created owner, ISymbol member)
    {
        SyntaxNode? declaration = member.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation);
        ExpressionSyntax? initial = declaration switch
        {
            VariableDeclaratorSyntax variable => variable.Initializer?.Value,
            PropertyDeclarationSyntax property => property.Initializer?.Value ?? property.ExpressionBody?.Expression,
            _ => null,
        };
        if (member.ContainingType is null || Scope.Of(owner, member.ContainingType, this) is not { } scope)
        {
            return null;
        }

        ExpressionSyntax[] assigned = Bodies(member.ContainingType)
            .SelectMany(body => body.DescendantNodes().OfType<AssignmentExpressionSyntax>())
            .Where(assignment => assignment.IsKind(SyntaxKind.SimpleAssignmentExpression)
                && SymbolEqualityComparer.Default.Equals(Semantics(assignment).GetSymbolInfo(assignment.Left, cancellation).Symbol?.OriginalDefinition, member.OriginalDefinition))
            .Select(assignment => assignment.Right).ToArray();
        ExpressionSyntax? only = assigned.Length switch
        {
            0 => initial,
            1 => assigned[0],
            _ => null,
        };
        return only is null ? null : (only, scope);
    }

    private object? Evaluate(ExpressionSyntax expression, Scope scope)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_depth >= Deepest || _steps++ >= MostSteps)
        {
            return null;
        }

        _depth++;
        object? value = EvaluateOnce(expression, scope);
        _depth--;
        return value;
    }

    private object? EvaluateOnce(ExpressionSyntax expression, Scope scope)
    {
        SemanticModel semantics = Semantics(expression);
        if (semantics.GetConstantValue(expression, cancellation) is { HasValue: true, Value: int constant })
        {
            return constant;
        }

        switch (expression)
        {
            case ParenthesizedExpressionSyntax parenthesized:
                return Evaluate(parenthesized.Expression, scope);
            case CastExpressionSyntax cast:
                return Evaluate(cast.Expression, scope);
            case BinaryExpressionSyntax binary:
                return Evaluate(binary.Left, scope) is int left && Evaluate(binary.Right, scope) is int right
                    ? Compute(binary.Kind(), left, right)
                    : null;
            case BaseObjectCreationExpressionSyntax creation:
                return Create(creation, scope, semantics);
            case MemberAccessExpressionSyntax access when semantics.GetSymbolInfo(access, cancellation).Symbol is (IFieldSymbol or IPropertySymbol) and var member:
                return access.Expression is ThisExpressionSyntax ? Value(scope.This, member)
                    : Evaluate(access.Expression, scope) is Created owner ? Value(owner, member) : null;
            case IdentifierNameSyntax name:
                return semantics.GetSymbolInfo(name, cancellation).Symbol switch
                {
                    IParameterSymbol parameter => scope.Arguments.TryGetValue(parameter.Name, out object? argument) ? argument : null,
                    ILocalSymbol local => local.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is VariableDeclaratorSyntax { Initializer.Value: { } initial }
                        ? Evaluate(initial, scope)
                        : null,
                    IFieldSymbol or IPropertySymbol => Value(scope.This, semantics.GetSymbolInfo(name, cancellation).Symbol!),
                    _ => null,
                };
            default:
                return null;
        }
    }

    private static object? Compute(SyntaxKind kind, int left, int right) => kind switch
    {
        SyntaxKind.AddExpression => unchecked(left + right),
        SyntaxKind.SubtractExpression => unchecked(left - right),
        SyntaxKind.MultiplyExpression => unchecked(left * right),
        SyntaxKind.DivideExpression when right > 0 => left / right,
        SyntaxKind.ModuloExpression when right > 0 => left % right,
        _ => null,
    };

    private Created? Create(BaseObjectCreationExpressionSyntax creation, Scope scope, SemanticModel semantics)
    {
        if (semantics.GetSymbolInfo(creation, cancellation).Symbol is not IMethodSymbol { ContainingType: { } type } constructor)
        {
            return null;
        }

        var given = ImmutableDictionary.CreateBuilder<string, object?>();
        foreach (AssignmentExpressionSyntax set in creation.Initializer?.Expressions.OfType<AssignmentExpressionSyntax>() ?? [])
        {
            if (set.Left is IdentifierNameSyntax name)
            {
                given[name.Identifier.ValueText] = Evaluate(set.Right, scope);
            }
        }

        ImmutableDictionary<string, object?> arguments = Bind(constructor, creation.ArgumentList, scope);

        // A record's positional properties are its constructor's parameters.
        foreach (IParameterSymbol parameter in type.IsRecord ? constructor.Parameters : [])
        {
            if (!given.ContainsKey(parameter.Name) && arguments.TryGetValue(parameter.Name, out object? value))
            {
                given[parameter.Name] = value;
            }
        }

        return new(type, arguments) { Given = given.ToImmutable() };
    }

    private ImmutableDictionary<string, object?> Bind(IMethodSymbol constructor, ArgumentListSyntax? list, Scope scope)
    {
        var bound = ImmutableDictionary.CreateBuilder<string, object?>();
        foreach (IParameterSymbol parameter in constructor.Parameters.Where(parameter => parameter.HasExplicitDefaultValue))
        {
            bound[parameter.Name] = parameter.ExplicitDefaultValue as int?;
        }

        for (int i = 0; list is not null && i < list.Arguments.Count; i++)
        {
            ArgumentSyntax argument = list.Arguments[i];
            string? name = argument.NameColon?.Name.Identifier.ValueText ?? (i < constructor.Parameters.Length ? constructor.Parameters[i].Name : null);
            if (name is not null)
            {
                bound[name] = Evaluate(argument.Expression, scope);
            }
        }

        return bound.ToImmutable();
    }

    private IEnumerable<SyntaxNode> Bodies(INamedTypeSymbol type) => type.InstanceConstructors
        .SelectMany(constructor => constructor.DeclaringSyntaxReferences)
        .Select(reference => reference.GetSyntax(cancellation))
        .OfType<ConstructorDeclarationSyntax>();

    private SemanticModel Semantics(SyntaxNode node) => compilation.GetSemanticModel(node.SyntaxTree);

    /// <summary>An object, as its creation tells it.</summary>
    private sealed record Created(INamedTypeSymbol Type, ImmutableDictionary<string, object?> Arguments)
    {
        /// <summary>Members that the creation sets.</summary>
        public ImmutableDictionary<string, object?> Given { get; init; } = ImmutableDictionary<string, object?>.Empty;
    }

    /// <summary>Where an expression of a class is evaluated: an object, and its constructor's arguments at the class's level.</summary>
    private sealed record Scope(Created This, ImmutableDictionary<string, object?> Arguments)
    {
        /// <summary>The scope of a class that an object's class is or derives from: base constructors get their arguments on the way.</summary>
        public static Scope? Of(Created owner, INamedTypeSymbol level, SizeReader reader)
        {
            var scope = new Scope(owner, owner.Arguments);
            for (INamedTypeSymbol? type = owner.Type; type is not null; type = type.BaseType)
            {
                if (SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, level.OriginalDefinition))
                {
                    return scope;
                }

                scope = new(owner, reader.BaseArguments(type, scope));
            }

            return null;
        }
    }

    private ImmutableDictionary<string, object?> BaseArguments(INamedTypeSymbol type, Scope scope)
    {
        foreach (SyntaxNode declaration in type.InstanceConstructors.SelectMany(constructor => constructor.DeclaringSyntaxReferences).Select(reference => reference.GetSyntax(cancellation)))
        {
            SyntaxNode? call = declaration switch
            {
                ConstructorDeclarationSyntax { Initializer: { RawKind: (int)SyntaxKind.BaseConstructorInitializer } initializer } => initializer,
                TypeDeclarationSyntax { BaseList: { } bases } => bases.Types.OfType<PrimaryConstructorBaseTypeSyntax>().FirstOrDefault(),
                _ => null,
            };
            if (call is not null && Semantics(call).GetSymbolInfo(call, cancellation).Symbol is IMethodSymbol constructor)
            {
                return Bind(constructor, call.ChildNodes().OfType<ArgumentListSyntax>().FirstOrDefault(), scope);
            }
        }

        return ImmutableDictionary<string, object?>.Empty;
    }
}
