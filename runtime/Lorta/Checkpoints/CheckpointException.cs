namespace Lorta.Checkpoints;

/// <summary>
/// A checkpoint cannot be read or written. The message is one sentence that names the file and says what to change.
/// </summary>
public sealed class CheckpointException : Exception
{
    /// <summary>An error with the sentence that a user reads.</summary>
    /// <param name="message">Names the file, and where it can, the tensor or field, and what to change.</param>
    /// <param name="innerException">The error underneath, if there is one.</param>
    public CheckpointException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
