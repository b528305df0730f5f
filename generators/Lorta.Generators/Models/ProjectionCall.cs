using Lorta.Generators.Diagnostics;

namespace Lorta.Generators.Models;

/// <summary>A call of <c>forward</c> or <c>call</c> with one tensor in the user's code.</summary>
/// <param name="Method"><c>forward</c> or <c>call</c>.</param>
/// <param name="Declarer">The type that declares the method, as C# text; null where an interceptor can't name it.</param>
/// <param name="Receivers">The receiver's type and its base classes.</param>
/// <param name="MemberId">The member that holds the receiver, or null where it is not known.</param>
/// <param name="ShareKey">Equal for calls of one method that take the same unreassigned value; null where a call stands alone.</param>
/// <param name="Version">The version of the location's encoding.</param>
/// <param name="Data">The encoded location.</param>
/// <param name="Display">The location for people.</param>
/// <param name="Location">The location for diagnostics.</param>
internal sealed record ProjectionCall(
    string Method,
    string? Declarer,
    Lineage Receivers,
    string? MemberId,
    string? ShareKey,
    int Version,
    string Data,
    string Display,
    LocationInfo? Location);

/// <summary>A use of a projection that interceptors do not see.</summary>
/// <param name="MemberId">The member that holds it.</param>
/// <param name="IsWeight">Whether its weight is used directly, and not its method as a delegate.</param>
/// <param name="Location">Where.</param>
internal sealed record HiddenUse(string MemberId, bool IsWeight, LocationInfo? Location);

/// <summary>A type and its base classes up to <c>Module&lt;Tensor, Tensor&gt;</c>, itself first.</summary>
/// <param name="Types">The types, as C# text.</param>
internal sealed record Lineage(EquatableArray<string> Types);
