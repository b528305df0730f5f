using Glue.Data;
using Lorta.Checkpoints;
using Lorta.Text;
using Lorta.Training;

namespace Glue.Output;

/// <summary>The one place where an exception becomes what the user reads: a sentence.</summary>
internal static class ErrorSentence
{
    public static string Of(Exception exception) => exception switch
    {
        InputException or CheckpointException or TokenizerException or TrainingException => exception.Message,
        OperationCanceledException => exception.InnerException is null ? "Stopped." : exception.Message,
        IOException or UnauthorizedAccessException => exception.Message,
        // Options that a model does not bear; the parameter's name is of no use on a command line.
        ArgumentException { ParamName: { } name } e => e.Message.Replace($" (Parameter '{name}')", ""),
        ArgumentException or InvalidOperationException or NotSupportedException => exception.Message,
        OutOfMemoryException => "There is not enough memory: use a smaller --batch, a shorter --max-length or a smaller model.",
        _ => $"This should not happen ({exception.GetType().Name}): {FirstLine(exception.Message)}",
    };

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
