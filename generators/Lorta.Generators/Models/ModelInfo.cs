namespace Lorta.Generators.Models;

/// <summary>An annotated class, as far as the emitted code depends on it.</summary>
/// <param name="Type">Where and how the class is declared.</param>
/// <param name="AdapterName">The name of the typed adapter's class.</param>
/// <param name="Sites">How the class declares its sites.</param>
/// <param name="HidesBase">Whether a base class is annotated too, whose emitted members this one's hide.</param>
/// <param name="Settings">What the attribute says.</param>
/// <param name="Structure">What was found in the class.</param>
internal sealed record ModelInfo(
    TypeDeclaration Type, string AdapterName, SitesDeclaration Sites, bool HidesBase, AdapterSettings Settings, AttentionStructure Structure);

/// <summary>How the emitted <c>Sites</c> property stands to what the class has already.</summary>
internal enum SitesDeclaration
{
    /// <summary>A public property.</summary>
    Public,

    /// <summary>An override of a base class's property.</summary>
    Override,

    /// <summary>An explicit implementation, because the name is taken.</summary>
    Explicit,
}

/// <summary>Where and how a class is declared.</summary>
/// <param name="Namespace">Its namespace; empty for the global one.</param>
/// <param name="ContainingTypes">Headers of the types around it, outermost first, such as <c>partial class Outer</c>.</param>
/// <param name="Header">Its own header, such as <c>partial class Model&lt;T&gt;</c>.</param>
/// <param name="Name">Its name without type parameters.</param>
/// <param name="CrefName">Its name for a documentation reference.</param>
/// <param name="Accessibility"><c>public</c>, <c>internal</c> and so on.</param>
/// <param name="IsGeneric">Whether it, or a type around it, has type parameters.</param>
/// <param name="HintName">A name for files about it, unique in the compilation.</param>
internal sealed record TypeDeclaration(
    string Namespace,
    EquatableArray<string> ContainingTypes,
    string Header,
    string Name,
    string CrefName,
    string Accessibility,
    bool IsGeneric,
    string HintName);
