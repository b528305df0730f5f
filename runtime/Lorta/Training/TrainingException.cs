namespace Lorta.Training;

/// <summary>A run cannot start, go on, or be resumed: the message is one sentence that says why and what to change.</summary>
public class TrainingException : Exception
{
    /// <summary>An error with a message for the user.</summary>
    public TrainingException(string message)
        : base(message)
    {
    }
}

/// <summary>The loss or a parameter is no longer a finite number. The last state that was written is whole.</summary>
public sealed class DivergedException : TrainingException
{
    /// <summary>An error at a step with a message for the user.</summary>
    public DivergedException(string message, long step)
        : base(message)
    {
        Step = step;
    }

    /// <summary>The optimizer step, from 1, at which it was found.</summary>
    public long Step { get; }
}
