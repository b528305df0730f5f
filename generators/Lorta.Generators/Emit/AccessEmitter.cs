using System;
using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;

namespace Lorta.Generators.Emit;

/// <summary>Writes how members are read: plainly, or by an unsafe accessor where C# denies it.</summary>
internal sealed class AccessEmitter(string className)
{
    private readonly List<MemberAccessor> _accessors = [];

    /// <summary>Whether any member needs an accessor.</summary>
    public bool IsNeeded => _accessors.Count > 0;

    /// <summary>An expression that follows a path.</summary>
    /// <param name="start">The expression that the path starts from.</param>
    /// <param name="path">The path.</param>
    public string Follow(string start, MemberPath path)
    {
        string expression = start;
        for (int i = 0; i < path.Steps.Count; i++)
        {
            expression = Read(expression, path.Steps[i]);
            if (path.Steps[i].IsNullable && i + 1 < path.Steps.Count)
            {
                expression += "!";
            }
        }

        return expression;
    }

    /// <summary>Writes the class that holds the accessors.</summary>
    public void Write(SourceWriter writer, string modifiers)
    {
        var classes = _accessors.GroupBy(accessor => (accessor.TypeParameters, accessor.Constraints)).ToArray();
        for (int i = 0; i < classes.Length; i++)
        {
            if (i > 0)
            {
                writer.WriteLine();
            }

            (string parameters, string constraints) = classes[i].Key;
            writer.WriteLine("/// <summary>Members that the language hides from the annotated class; the runtime resolves them without reflection.</summary>");
            using (writer.Block($"{modifiers} static class {className}{parameters}{(constraints.Length > 0 ? " " + constraints : string.Empty)}"))
            {
                MemberAccessor[] accessors = classes[i].ToArray();
                for (int j = 0; j < accessors.Length; j++)
                {
                    if (j > 0)
                    {
                        writer.WriteLine();
                    }

                    MemberAccessor accessor = accessors[j];
                    writer.WriteLine($"[global::System.Runtime.CompilerServices.UnsafeAccessor(global::System.Runtime.CompilerServices.UnsafeAccessorKind.{(accessor.IsField ? "Field" : "Method")}, Name = \"{accessor.Name}\")]");
                    writer.WriteLine($"public static extern {(accessor.IsField ? "ref " : string.Empty)}{accessor.Type} {MethodName(accessor)}({accessor.Owner} owner);");
                }
            }
        }
    }

    private string Read(string expression, MemberStep step)
    {
        if (step.Accessor is not { } accessor)
        {
            return $"{step.StaticOwner ?? expression}.{Identifier(step.Name)}";
        }

        if (!_accessors.Any(known => known with { TypeArguments = accessor.TypeArguments } == accessor))
        {
            _accessors.Add(accessor);
        }

        return $"{className}{accessor.TypeArguments}.{MethodName(accessor)}({expression})";
    }

    // Members of one type whose names differ by underscores or case alone would otherwise meet.
    private string MethodName(MemberAccessor accessor)
    {
        string name = Pascal(accessor.Name);
        int index = _accessors.Where(known => known.Owner == accessor.Owner && Pascal(known.Name) == name)
            .Select(known => known.Name).Distinct().ToList().IndexOf(accessor.Name);
        return index > 0 ? $"{name}{index + 1}" : name;
    }

    private static string Pascal(string name)
    {
        string bare = (name.StartsWith("get_", StringComparison.Ordinal) ? name.Substring(4) : name).TrimStart('_');
        return bare.Length == 0 ? "Member" : char.ToUpperInvariant(bare[0]) + bare.Substring(1);
    }

    private static string Identifier(string name) =>
        Microsoft.CodeAnalysis.CSharp.SyntaxFacts.GetKeywordKind(name) == Microsoft.CodeAnalysis.CSharp.SyntaxKind.None ? name : "@" + name;
}
