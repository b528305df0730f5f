namespace Lorta.Text;

/// <summary>A tokenizer's files are missing, damaged, or of a kind that is not read; the message names the file and says what to change.</summary>
public sealed class TokenizerException(string message, Exception? innerException = null) : Exception(message, innerException);
