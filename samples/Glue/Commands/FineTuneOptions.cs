using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Output;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Commands;

/// <summary>The options that say how a model is fine-tuned. What is not given comes from the preset, or else is the default.</summary>
internal sealed class FineTuneOptions
{
    private static readonly FineTuningOptions Defaults = new();

    private readonly Option<string?> _preset = new("--preset")
    {
        Description = "The paper's settings for the task (Table 3): roberta-base or roberta-large.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _settings = new("--settings")
    {
        Description = "The settings of another run, from the report that --json, sweep or reproduce wrote of it; other options go before them.",
        HelpName = "FILE",
    };

    private readonly MethodOptions _method = new();

    private readonly Option<double?> _rate = CheckedOption.Number(
        "--rate", $"Learning rate of what the method trains [default: {new LortaOptions().DefaultRate} with LoRTA; docs/methods.md].");

    private readonly Option<double?> _headRate = CheckedOption.Number("--head-rate", $"Learning rate of the head [default: {Defaults.HeadRate}, with full {new FullFineTuning().DefaultHeadRate}].");

    private readonly Option<double?> _weightDecay = CheckedOption.Number("--weight-decay", "Weight decay of the head's weights [default: 0].");

    private readonly Option<ScheduleShape> _schedule = CheckedOption.Choice(
        "--schedule", "How the rates go after the warm-up", ("linear", ScheduleShape.Linear), ("cosine", ScheduleShape.Cosine), ("constant", ScheduleShape.Constant));

    private readonly Option<double?> _warmUp = CheckedOption.Number(
        "--warm-up", $"Share of the steps in which the rates rise [default: {Defaults.Schedule.WarmupRatio}].", 0, 1);

    private readonly Option<double?> _clip = CheckedOption.Number("--clip", "Norm above which gradients are scaled down [default: never].", 1e-6);

    private readonly Option<int?> _epochs = CheckedOption.WholeNumber("--epochs", $"Times to go through the rows [default: {Defaults.Epochs}].", 1);

    private readonly Option<int?> _patience = CheckedOption.WholeNumber("--patience", "Stop after so many epochs without a better score [default: never].", 1);

    private readonly Option<int?> _batch = CheckedOption.WholeNumber("--batch", $"Rows of a step [default: {Defaults.BatchSize}].", 1);

    private readonly Option<int?> _microBatch = CheckedOption.WholeNumber("--micro-batch", "Rows of a forward, where a whole batch needs too much memory.", 1);

    private readonly Option<bool> _checkpointing = new("--gradient-checkpointing")
    {
        Description = "Compute each layer again in the backward instead of keeping its activations: less memory, more time.",
    };

    private readonly Option<bool> _bfloat16 = new("--bf16")
    {
        Description = "Train with the encoder's numbers in bfloat16, on a processor that computes in it; adapter and head stay float32.",
    };

    private readonly Option<int?> _maxLength = CheckedOption.WholeNumber("--max-length", "Tokens of a row [default: as many as the model has positions].", 3);

    public void AddTo(Command command)
    {
        command.Add(_preset);
        command.Add(_settings);
        _method.AddTo(command);
        foreach (Option option in new Option[]
        {
            _rate, _headRate, _weightDecay, _schedule, _warmUp, _clip, _epochs, _patience, _batch, _microBatch, _checkpointing, _bfloat16, _maxLength,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The settings for a task.</summary>
    /// <exception cref="InputException">There is no such preset for the task, or an option of the method is not written as it should be.</exception>
    /// <exception cref="ArgumentException">The method lacks an option, or a value is of another type.</exception>
    public FineTuneSettings Read(ParseResult result, TextTask task, int seed)
    {
        FineTuneSettings basis = _method.Apply(result, (result.GetValue(_preset), result.GetValue(_settings)) switch
        {
            (null, null) => new FineTuneSettings(new LortaOptions(), Defaults),
            ({ } preset, null) => Preset.Find(preset, task.Name),
            (null, { } path) => RunReport.Read(path).ToSettings()
                ?? throw new InputException($"{path} does not say how the run was trained: give a report that this version of the program wrote of a training."),
            _ => throw new InputException("Give --preset or --settings, not both."),
        });
        FineTuningOptions options = basis.Options;
        return basis with
        {
            Options = options with
            {
                Epochs = result.GetValue(_epochs) ?? options.Epochs,
                BatchSize = result.GetValue(_batch) ?? options.BatchSize,
                MicroBatchSize = result.GetValue(_microBatch),
                GradientCheckpointing = result.GetValue(_checkpointing),
                HeadRate = result.GetValue(_headRate) ?? options.HeadRate,
                AdapterRate = result.GetValue(_rate) ?? options.AdapterRate,
                HeadWeightDecay = result.GetValue(_weightDecay) ?? options.HeadWeightDecay,
                Schedule = new(
                    result.GetResult(_schedule) is { Implicit: false } ? result.GetValue(_schedule) : options.Schedule.Shape,
                    result.GetValue(_warmUp) ?? options.Schedule.WarmupRatio),
                MaxGradientNorm = result.GetValue(_clip) ?? options.MaxGradientNorm,
                Seed = seed,
                BestMetric = task.MainMetric,
                Patience = result.GetValue(_patience) ?? options.Patience,
            },
            MaxLength = result.GetValue(_maxLength) ?? basis.MaxLength,
            BFloat16 = result.GetValue(_bfloat16) || basis.BFloat16,
        };
    }
}
