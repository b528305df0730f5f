using System.Collections.Generic;
using System.Linq;
using Lorta.Generators.Models;
using Lorta.Generators.Parsing;

namespace Lorta.Generators.Emit;

/// <summary>Writes the interceptors of all calls on projections, whichever classes are annotated.</summary>
internal static class InterceptorEmitter
{
    private const string Tensor = "global::TorchSharp.torch.Tensor";

    /// <summary>Writes the file, or null where no call is to be intercepted.</summary>
    /// <param name="calls">All candidate calls of the compilation.</param>
    /// <param name="holders">The members that hold projections of annotated classes.</param>
    public static string? Emit(IEnumerable<ProjectionCall> calls, IReadOnlyCollection<ProjectionHolder> holders)
    {
        var index = new HolderIndex(holders);
        ProjectionCall[] routed = calls.Where(call => call.Declarer is not null && index.MayBeReached(call)).ToArray();
        if (routed.Length == 0)
        {
            return null;
        }

        var writer = new SourceWriter();
        WiringEmitter.Head(writer);
        foreach (string owner in holders.Select(holder => holder.Owner).OfType<string>().Distinct())
        {
            writer.WriteLine($"[assembly: global::Lorta.Adapters.InterceptedProjections(typeof({owner}))]");
        }

        writer.WriteLine();
        using (writer.Block("namespace System.Runtime.CompilerServices"))
        {
            writer.WriteLine("[global::System.AttributeUsage(global::System.AttributeTargets.Method, AllowMultiple = true)]");
            using (writer.Block("file sealed class InterceptsLocationAttribute : global::System.Attribute"))
            {
                writer.WriteLine("public InterceptsLocationAttribute(int version, string data)");
                writer.WriteLine("{");
                writer.WriteLine("}");
            }
        }

        writer.WriteLine();
        using (writer.Block("namespace Lorta.Generated"))
        {
            writer.WriteLine("/// <summary>Sends the calls of projections to the adapter that is active in the calling code.</summary>");
            using (writer.Block("file static class ProjectionCalls"))
            {
                WriteMethods(writer, routed);
            }
        }

        return writer.ToString();
    }

    private static void WriteMethods(SourceWriter writer, ProjectionCall[] calls)
    {
        Dictionary<ProjectionCall, string> shares = Shares(calls);
        var groups = calls.GroupBy(call => (call.Method, call.Declarer, Share: shares[call])).ToArray();
        for (int i = 0; i < groups.Length; i++)
        {
            if (i > 0)
            {
                writer.WriteLine();
            }

            foreach (ProjectionCall call in groups[i])
            {
                writer.WriteLine($"[global::System.Runtime.CompilerServices.InterceptsLocation({call.Version}, \"{call.Data}\")] // {call.Display}");
            }

            (string method, string? receiver, string share) = groups[i].Key;
            string route = method == "call" ? "Call" : "Forward";
            writer.WriteLine($"public static {Tensor} {route}{i}(this {receiver} projection, {Tensor} input) =>");
            writer.WriteLine($"    global::Lorta.Adapters.ProjectionRouter.{route}(projection, input{share});");
        }
    }

    /// <summary>How each call stands to those that take the same value, as an argument; nothing for a call on its own.</summary>
    private static Dictionary<ProjectionCall, string> Shares(ProjectionCall[] calls)
    {
        var shares = calls.ToDictionary(call => call, _ => string.Empty);
        foreach (IGrouping<string?, ProjectionCall> group in calls.Where(call => call is { ShareKey: not null, MemberId: not null }).GroupBy(call => call.ShareKey))
        {
            ProjectionCall[] sharing = group.ToArray();
            for (int i = 0; i < sharing.Length && sharing.Length > 1; i++)
            {
                shares[sharing[i]] = i == 0
                    ? $", global::Lorta.Adapters.InputShare.First({sharing.Length - 1})"
                    : ", global::Lorta.Adapters.InputShare.Next";
            }
        }

        return shares;
    }
}
