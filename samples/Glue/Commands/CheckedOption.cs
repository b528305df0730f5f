using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Glue.Commands;

/// <summary>Options that refuse a bad value in a sentence of their own, by their name and before anything is loaded.</summary>
internal static class CheckedOption
{
    /// <summary>An option with a whole number; null where it is not given.</summary>
    public static Option<int?> WholeNumber(string name, string description, int lowest) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => int.TryParse(result.Tokens[0].Value, out int value) && value >= lowest
            ? value
            : Refuse<int?>(result, name, $"it must be a whole number of at least {lowest}"),
    };

    /// <summary>An option with a number; null where it is not given.</summary>
    public static Option<double?> Number(string name, string description, double lowest = 0, double? highest = null) => new(name)
    {
        Description = description,
        HelpName = "X",
        CustomParser = result =>
            TryParse(result.Tokens[0].Value, out double value) && value >= lowest && value <= (highest ?? value)
                ? value
                : Refuse<double?>(result, name, $"it must be a number of at least {lowest}" + (highest is null ? "" : $" and at most {highest}")),
    };

    /// <summary>An option with numbers above 0, between commas; without any where it is not given, as no array is null to the library.</summary>
    public static Option<double[]> Numbers(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "LIST",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            double[] values = [.. result.Tokens[0].Value.Split(',').Select(part => TryParse(part, out double value) ? value : 0)];
            return values.All(value => value > 0) && values.Distinct().Count() == values.Length
                ? values
                : Refuse<double[]>(result, name, "write numbers above 0 with commas between them, each once");
        },
    };

    /// <summary>An option with one of several names; the first is the default.</summary>
    public static Option<T> Choice<T>(string name, string description, params (string Name, T Value)[] choices) => new(name)
    {
        Description = $"{description} [default: {choices[0].Name}].",
        HelpName = string.Join('|', choices.Select(choice => choice.Name)),
        DefaultValueFactory = _ => choices[0].Value,
        CustomParser = result =>
        {
            int index = Array.FindIndex(choices, choice => choice.Name == result.Tokens[0].Value);
            return index >= 0 ? choices[index].Value : Refuse<T>(result, name, $"use one of {string.Join(", ", choices.Select(choice => choice.Name))}");
        },
    };

    /// <summary>A number that libtorch takes too, so within float32's range; a comma is no part of it.</summary>
    public static bool TryParse(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && Math.Abs(value) <= float.MaxValue;

    private static T? Refuse<T>(ArgumentResult result, string name, string advice)
    {
        result.AddError($"{name} {result.Tokens[0].Value}: {advice}.");
        return default;
    }
}
