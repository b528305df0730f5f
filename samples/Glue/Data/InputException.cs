namespace Glue.Data;

/// <summary>What the user gave can't be used. The message is one sentence that names the file, line, column or option.</summary>
internal sealed class InputException(string message, Exception? cause = null) : Exception(message, cause);
