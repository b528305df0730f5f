using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Diagnostics;
using Lorta.Generators.Models;

namespace Lorta.Generators.Parsing;

/// <summary>Finds projections that adapters would not reach.</summary>
internal static class RoutingChecker
{
    public static IEnumerable<DiagnosticInfo> Check(
        IReadOnlyCollection<ProjectionCall> calls, IEnumerable<HiddenUse> uses, IReadOnlyCollection<ProjectionHolder> holders, IEnumerable<HolderPlace> places)
    {
        var index = new HolderIndex(holders);
        foreach (HiddenUse use in uses.Where(use => index.Contains(use.MemberId)))
        {
            yield return use.IsWeight
                ? new(Descriptors.Bypassed, use.Location, Arguments(Name(use.MemberId), "its weight is used directly"))
                : new(Descriptors.NotIntercepted, use.Location, Arguments(Name(use.MemberId), "its method is passed on as a delegate: pass a lambda that calls it"));
        }

        foreach (ProjectionCall call in calls.Where(call => call is { Declarer: null, MemberId: not null } && index.MayBeReached(call)))
        {
            yield return new(Descriptors.NotIntercepted, call.Location, Arguments(
                Name(call.MemberId!), "the class of the receiver is private or has open type parameters: make it internal, or declare the member as Module<Tensor, Tensor>"));
        }

        HashSet<string> used = [.. uses.Select(use => use.MemberId), .. calls.Select(call => call.MemberId).OfType<string>()];
        foreach (ProjectionHolder holder in holders.Where(holder => !holder.IsOutside && holder.Owner is not null && !used.Contains(holder.Id)))
        {
            // A call whose receiver is not known may be the one.
            var only = new HolderIndex([holder]);
            if (!calls.Any(call => call.MemberId is null && only.MayBeReached(call)))
            {
                yield return new(
                    Descriptors.Bypassed, places.FirstOrDefault(place => place.Id == holder.Id)?.Location, Arguments(Name(holder.Id), "no call of it can be seen"));
            }
        }
    }

    private static EquatableArray<string> Arguments(params string[] arguments) => arguments.ToEquatableArray();

    // The class and the member, without the namespace.
    private static string Name(string memberId)
    {
        string[] parts = memberId.Split('.');
        return string.Join(".", parts.Skip(parts.Length - 2)).Replace("global::", string.Empty);
    }
}
