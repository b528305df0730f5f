using System.CommandLine;

namespace Glue.Commands;

/// <summary><c>reproduce</c>: the paper's tables, each by a command.</summary>
internal static class ReproduceCommand
{
    public static Command Create() => new("reproduce", "Make a table of the paper anew.")
    {
        Table1Command.Create(),
        Table2Command.Create(),
    };
}
