namespace Lorta.Checkpoints.Hub;

/// <summary>The hub could not be reached, or failed for a passing reason: trying again may help, and so may the cache.</summary>
internal sealed class HubUnavailableException(string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
