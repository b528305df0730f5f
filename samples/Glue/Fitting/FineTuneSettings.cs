using Lorta.Adapters;
using Lorta.Tasks;

namespace Glue.Fitting;

/// <summary>How a model is fine-tuned.</summary>
/// <param name="Method">What is trained beside the head.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="MaxLength">Tokens of a row; null for as many as the model has positions for.</param>
/// <param name="BFloat16">Whether the encoder's numbers are bfloat16 while training.</param>
internal sealed record FineTuneSettings(AdapterMethod Method, FineTuningOptions Options, int? MaxLength = null, bool BFloat16 = false);
