using Lorta.Checkpoints;
using Lorta.Text;
using Lorta.Training;
using Microsoft.ML.Runtime;

namespace Lorta.ML;

/// <summary>Errors of the runtime, which are for the user, as ML.NET's own kind of exception.</summary>
internal static class RuntimeErrors
{
    /// <exception cref="InvalidOperationException">The runtime refused something, with its message.</exception>
    public static T Translate<T>(IExceptionContext context, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is CheckpointException or TokenizerException or TrainingException or NotSupportedException)
        {
            throw context.Except(error, error.Message);
        }
    }

    /// <inheritdoc cref="Translate{T}(IExceptionContext, Func{T})"/>
    public static void Translate(IExceptionContext context, Action action) => Translate(context, () =>
    {
        action();
        return true;
    });
}
