using Lorta.Adapters;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>How a model is fine-tuned.</summary>
/// <param name="Method">What is trained beside the head.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="MaxLength">Tokens of a row; null for as many as the model has positions for.</param>
internal sealed record FineTuneSettings(AdapterMethod Method, FineTuningOptions Options, int? MaxLength = null)
{
    /// <summary>The same with another method, at the rates that it has where none is chosen.</summary>
    public FineTuneSettings With(AdapterMethod method) => this with
    {
        Method = method,
        Options = Options with { AdapterRate = method.DefaultRate, HeadRate = method.DefaultHeadRate },
    };
}
