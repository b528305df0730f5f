using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;

namespace Lorta.Generators.Parsing;

/// <summary>The members that hold projections of annotated classes, to look calls up in.</summary>
internal sealed class HolderIndex(IReadOnlyCollection<ProjectionHolder> holders)
{
    private readonly HashSet<string> _ids = [.. holders.Select(holder => holder.Id)];
    private readonly HashSet<string> _types = [.. holders.Select(holder => holder.Receivers.Types[0])];
    private readonly HashSet<string> _ancestors = [.. holders.SelectMany(holder => holder.Receivers.Types)];

    public bool Contains(string memberId) => _ids.Contains(memberId);

    /// <summary>
    /// Whether a call's receiver is one of the members, or may be what one of them holds: a receiver that no member holds,
    /// such as a parameter, says at run time which projection it is.
    /// </summary>
    public bool MayBeReached(ProjectionCall call) => call.MemberId is null
        ? call.Receivers.Types.Any(_types.Contains) || _ancestors.Contains(call.Receivers.Types[0])
        : _ids.Contains(call.MemberId);
}
