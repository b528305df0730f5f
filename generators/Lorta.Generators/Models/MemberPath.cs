namespace Lorta.Generators.Models;

/// <summary>The way from one object to another through members, first step first.</summary>
internal sealed record MemberPath(EquatableArray<MemberStep> Steps);

/// <summary>One member on a path.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Type">The member's type, as C# text.</param>
/// <param name="IsNullable">Whether its value may be null.</param>
/// <param name="StaticOwner">The type that holds it where it is static, else null.</param>
/// <param name="Accessor">How generated code reads it where C# does not let it, else null.</param>
internal sealed record MemberStep(string Name, string Type, bool IsNullable, string? StaticOwner, MemberAccessor? Accessor);

/// <summary>A member that only an unsafe accessor reaches: the runtime resolves it, without reflection.</summary>
/// <param name="Name">The member's name in metadata: a field, or a property's getter.</param>
/// <param name="IsField">Whether it is a field.</param>
/// <param name="Owner">The declaring type by its own type parameters, as C# text.</param>
/// <param name="Type">The member's type by those type parameters, as C# text.</param>
/// <param name="TypeParameters">The owner's type parameters as in <c>&lt;T&gt;</c>, or empty.</param>
/// <param name="Constraints">The constraint clauses of the type parameters, or empty.</param>
/// <param name="TypeArguments">The type arguments on this path as in <c>&lt;Linear&gt;</c>, or empty.</param>
internal sealed record MemberAccessor(
    string Name, bool IsField, string Owner, string Type, string TypeParameters, string Constraints, string TypeArguments);
