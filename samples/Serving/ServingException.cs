namespace Serving;

/// <summary>The service cannot start; the message says what to change.</summary>
internal sealed class ServingException(string message) : Exception(message);
