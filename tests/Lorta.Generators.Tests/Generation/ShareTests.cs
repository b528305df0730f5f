using System.Text.RegularExpressions;

namespace Lorta.Generators.Tests.Generation;

/// <summary>Which calls share the product of their input, and which may not.</summary>
public sealed class ShareTests
{
    private const string Body = """
                Tensor q = Split(_query.forward(x));
                Tensor k = Split(_key.forward(x));
                Tensor v = Split(_value.forward(x));
        """;

    [Theory]
    [InlineData("first of 3, next, next", "Tensor q = _query.forward(x); Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("first of 3, next, next", "Tensor q, k, v; (q, k, v) = (_query.call(x), _key.call(x), _value.call(x));")]
    [InlineData("first of 3, next, next", "using var scope = NewDisposeScope(); Tensor q = _query.forward(x); var y = x + 1; Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, first of 2, next", "Tensor q = _query.forward(x * 1); Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, first of 2, next", "Tensor q = _query.forward(x); x = x + 1; Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, first of 2, next", "Tensor q = _query.forward(x); x.add_(1); Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, first of 2, next", "Tensor q = _query.forward(x); Change(x); Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, first of 2, next", "Tensor q = _query.forward(x); Replace(ref x); Tensor k = _key.forward(x); Tensor v = _value.forward(x);")]
    [InlineData("alone, alone, alone", "Tensor q = _query.forward(x); Tensor k = q; if (training) { k = _key.forward(x); } Tensor v = training ? _value.forward(x) : q;")]
    [InlineData("alone, alone, alone", "Tensor q = _query.forward(x); System.Func<Tensor> late = () => _key.forward(x); Tensor k = late(); Tensor v = q; foreach (int i in new[] { 1 }) { v = _value.forward(x); }")]
    [InlineData("alone, alone, alone", "Tensor q = _query.forward(x), y = x, k = _key.forward(y), v = _value.forward(q);")]
    public void CallsOnOneUnchangedValueShare(string expected, string body)
    {
        string source = Sample.With((Body, body), ("    private Tensor Split(", "    private static void Change(Tensor x) => x.add_(1);\n\n    private static void Replace(ref Tensor x) => x = x + 1;\n\n    private Tensor Split("), ("_dense.forward(context", "_dense.forward(Split(context)"));
        string written = Harness.Run(source).Source("Lorta.ProjectionCalls.g.cs");

        // The places of each interceptor, and what it says of them; the last call is the output projection's.
        var shares = new SortedDictionary<(int Line, int Column), string>();
        foreach (Match method in Regex.Matches(written, @"(?<places>(\s+\[global::System\.Runtime\.CompilerServices\.InterceptsLocation.*\n)+)\s+public static .*\n.*\(projection, input(?<share>.*)\);"))
        {
            foreach (Match place in Regex.Matches(method.Groups["places"].Value, @"Model\.cs\((\d+),(\d+)\)"))
            {
                shares.Add((int.Parse(place.Groups[1].Value), int.Parse(place.Groups[2].Value)), Told(method.Groups["share"].Value));
            }
        }

        Assert.Equal($"{expected}, alone", string.Join(", ", shares.Values));
    }

    private static string Told(string share) => share.Length == 0 ? "alone"
        : share.EndsWith("Next", StringComparison.Ordinal) ? "next"
        : $"first of {int.Parse(Regex.Match(share, @"\d+").Value) + 1}";
}
