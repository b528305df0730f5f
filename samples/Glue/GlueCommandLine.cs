using System.CommandLine;
using System.CommandLine.Parsing;
using Glue.Commands;
using Glue.Output;

namespace Glue;

/// <summary>The command line as a whole.</summary>
internal static class GlueCommandLine
{
    private const int Failed = 1;
    private const int Stopped = 130;

    /// <summary>Runs a command line. Whatever goes wrong becomes one sentence.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="error">Where the sentence goes.</param>
    /// <returns>The exit code: 0 if all went well.</returns>
    public static async Task<int> Run(string[] arguments, TextWriter error)
    {
        ParseResult parsed = Root().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine(parsed.Errors[0].Message);
            return Failed;
        }

        if (parsed.CommandResult != parsed.RootCommandResult
            && parsed.RootCommandResult.Children.OfType<OptionResult>().FirstOrDefault(found => found is { Implicit: false, Option.Action: null }) is { } early)
        {
            error.WriteLine($"{early.Option.Name} stands before the command {parsed.CommandResult.Command.Name}, which does not see it there: write it behind.");
            return Failed;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // Stopping is for the training to do, at the end of its step: a slow step must not be cut off.
                ProcessTerminationTimeout = TimeSpan.FromMinutes(10),
            });
        }
        catch (Exception e)
        {
            error.WriteLine(ErrorSentence.Of(e));
            return e is OperationCanceledException ? Stopped : Failed;
        }
    }

    /// <summary>All commands.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Fine-tunes text classifiers by LoRTA. Without a command it shows, on a small task of its own, what LoRTA adds to a frozen encoder.")
        {
            TrainCommand.Create(),
            SweepCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            ExportCommand.Create(),
            PruneCommand.Create(),
            InfoCommand.Create(),
            ReproduceCommand.Create(),
            PretrainCommand.Create(),
        };
        DemoCommand.AddTo(root);
        return root;
    }
}
