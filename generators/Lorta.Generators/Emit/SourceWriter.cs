using System;
using System.Text;

namespace Lorta.Generators.Emit;

/// <summary>Writes indented source text, C# and CUDA C alike. Lines end in a line feed on every system.</summary>
internal sealed class SourceWriter
{
    private const string Indentation = "    ";

    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Writes an empty line.</summary>
    public void WriteLine() => _text.Append('\n');

    /// <summary>Writes one or more lines at the current depth; empty ones get no indentation.</summary>
    public void WriteLine(string lines)
    {
        foreach (string line in lines.Split('\n'))
        {
            string content = line.TrimEnd('\r');
            for (int i = 0; i < _depth && content.Length > 0; i++)
            {
                _text.Append(Indentation);
            }

            _text.Append(content).Append('\n');
        }
    }

    /// <summary>Writes a header and an opening brace; what follows is indented until the result is disposed.</summary>
    /// <param name="header">The lines before the brace.</param>
    /// <param name="end">What stands behind the closing brace.</param>
    public Scope Block(string header, string end = "")
    {
        WriteLine(header);
        WriteLine("{");
        _depth++;
        return new Scope(this, end);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private void Close(string end)
    {
        _depth--;
        WriteLine("}" + end);
    }

    /// <summary>An open block.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly SourceWriter _writer;
        private readonly string _end;

        internal Scope(SourceWriter writer, string end) => (_writer, _end) = (writer, end);

        /// <summary>Writes the closing brace.</summary>
        public void Dispose() => _writer.Close(_end);
    }
}
