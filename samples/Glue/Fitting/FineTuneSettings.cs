using Lorta.Adapters;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>How a model is fine-tuned.</summary>
/// <param name="Method">What is trained beside the head.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="MaxLength">Tokens of a row; null for as many as the model has positions for.</param>
/// <param name="BFloat16">Whether the encoder's numbers are bfloat16 while training.</param>
internal sealed record FineTuneSettings(AdapterMethod Method, FineTuningOptions Options, int? MaxLength = null, bool BFloat16 = false)
{
    /// <summary>The same with a method and options of it; one that is not the settings' own brings its rates along.</summary>
    /// <param name="name">One of <see cref="AdapterMethods.Names"/>.</param>
    /// <param name="options">The method's options that are not as its defaults, or as the settings have them.</param>
    /// <exception cref="ArgumentException">The method lacks an option, or a value is of another type.</exception>
    public FineTuneSettings With(string name, IReadOnlyDictionary<string, string> options)
    {
        if (name == Method.Name)
        {
            return this with { Method = Method.With(options) };
        }

        AdapterMethod method = AdapterMethods.Create(name).With(options);
        return this with
        {
            Method = method,
            Options = Options with { AdapterRate = method.DefaultRate, HeadRate = method.DefaultHeadRate },
        };
    }
}
