using System.CommandLine;
using System.Globalization;
using Glue.Commands;
using Glue.Output;

// Numbers on the command line and in the output are written alike everywhere.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var root = new RootCommand("Fine-tunes text classifiers by LoRTA. Without a command it shows, on a small task of its own, what LoRTA adds to a frozen encoder.")
{
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    PredictCommand.Create(),
    ExportCommand.Create(),
    InfoCommand.Create(),
    PretrainCommand.Create(),
};
DemoCommand.AddTo(root);

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine(parsed.Errors[0].Message);
    return 2;
}

try
{
    // Stopping is for the training to do, at the end of its step; a slow step must not be cut off.
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(10) };
    return await parsed.InvokeAsync(configuration);
}
catch (OperationCanceledException e)
{
    Console.Error.WriteLine(ErrorSentence.Of(e));
    return 130;
}
catch (Exception e)
{
    Console.Error.WriteLine(ErrorSentence.Of(e));
    return 1;
}
