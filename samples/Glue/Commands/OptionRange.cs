using System.CommandLine;

namespace Glue.Commands;

/// <summary>Ranges of numeric options, refused by the option's name before anything is loaded.</summary>
internal static class OptionRange
{
    public static Option<int?> AtLeast(this Option<int?> option, int lowest)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && value < lowest)
            {
                result.AddError($"{option.Name} {value}: it must be at least {lowest}.");
            }
        });
        return option;
    }

    public static Option<double?> Within(this Option<double?> option, double lowest, double highest = double.MaxValue)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } value && !(value >= lowest && value <= highest))
            {
                result.AddError($"{option.Name} {value}: it must be at least {lowest}" + (highest < double.MaxValue ? $" and at most {highest}." : " and finite."));
            }
        });
        return option;
    }
}
