using Glue.Commands;
using Glue.Data;
using Glue.Fitting;

namespace Glue.Reproduction;

/// <summary>
/// A method to compare, as the command line writes it: a name, and options after colons, as in <c>lora:rank=8:targets=query+value</c>.
/// Beside the method's own options there are <c>rate</c> and <c>head_rate</c>, which a method has defaults for.
/// </summary>
/// <param name="Name">The method's name.</param>
/// <param name="Label">What tables and files call it, as in <c>lora-r8-targets=query+value</c>.</param>
/// <param name="Options">The method's options by name.</param>
/// <param name="Rate">The adapter's learning rate; null for the usual one.</param>
/// <param name="HeadRate">The head's; null for the usual one.</param>
internal sealed record MethodChoice(string Name, string Label, IReadOnlyDictionary<string, string> Options, double? Rate, double? HeadRate)
{
    /// <summary>Reads a list with commas between the methods.</summary>
    /// <exception cref="InputException">An option has no value, or a method is named twice.</exception>
    public static IReadOnlyList<MethodChoice> ParseList(string text)
    {
        MethodChoice[] choices = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        if (choices.Length == 0)
        {
            throw new InputException($"--methods {text}: name at least one method.");
        }

        return choices.GroupBy(choice => choice.Label).FirstOrDefault(group => group.Count() > 1) is { Key: var twice }
            ? throw new InputException($"--methods {text}: {twice} is named twice.")
            : choices;
    }

    /// <summary>The settings with this method.</summary>
    /// <exception cref="ArgumentException">There is no such method, it lacks an option, or a value is of another type.</exception>
    public FineTuneSettings Apply(FineTuneSettings basis)
    {
        FineTuneSettings settings = basis.With(Name, Options);
        return settings with
        {
            Options = settings.Options with
            {
                AdapterRate = Rate ?? settings.Options.AdapterRate,
                HeadRate = HeadRate ?? settings.Options.HeadRate,
            },
        };
    }

    private static MethodChoice Parse(string text)
    {
        string[] parts = text.Split(':');
        var options = new Dictionary<string, string>();
        foreach (string part in parts[1..])
        {
            int end = part.IndexOf('=');
            if (end <= 0 || !options.TryAdd(part[..end], part[(end + 1)..].Replace('+', ',')))
            {
                throw new InputException($"--methods {text}: write each option once, as in lora:rank=8.");
            }
        }

        IEnumerable<string> label = parts[1..].Select(part => part.StartsWith("rank=", StringComparison.Ordinal) ? $"r{part[5..]}" : part);
        return new MethodChoice(parts[0], string.Join('-', [parts[0], .. label]), options, TakeRate("rate"), TakeRate("head_rate"));

        double? TakeRate(string name)
        {
            if (!options.Remove(name, out string? value))
            {
                return null;
            }

            return CheckedOption.TryParse(value, out double rate) && rate >= 0
                ? rate
                : throw new InputException($"--methods {text}: {name} must be a number of at least 0.");
        }
    }
}
